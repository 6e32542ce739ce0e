# RFC 9051 §6.4.4: numbers that nobody has
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b SEARCH UID 99
1< * SEARCH
1< b OK *
1> c SEARCH BADKEY
1< c BAD *
