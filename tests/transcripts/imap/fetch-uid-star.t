# RFC 9051 §9: n:* names the last message also when n is higher
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b UID FETCH 17:* (FLAGS)
1< * 2 FETCH (UID 2 FLAGS *
1! * 1 FETCH *
1< b OK *
