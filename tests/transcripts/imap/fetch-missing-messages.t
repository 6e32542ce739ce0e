# RFC 9051 §6.4.5, §6.4.9: a sequence number that nobody has is BAD, a UID that nobody has is nothing
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b FETCH 3 FLAGS
1< b BAD *
1> c FETCH 1:3 FLAGS
1< c BAD *
1> d UID FETCH 99 FLAGS
1! * * FETCH *
1< d OK *
1> e UID FETCH 2:99 FLAGS
1< * 2 FETCH (UID 2 *
1! * 1 FETCH *
1< e OK *
1> f STORE 3 +FLAGS (\Seen)
1< f BAD *
1> g UID STORE 99 +FLAGS (\Seen)
1< g OK *
