# RFC 9051 §6.4.5: <offset.length>; the reply names the offset; beyond the end is empty
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b UID FETCH 1 (BODY.PEEK[TEXT]<0.7> BODY.PEEK[TEXT]<8.2>)
1< * 1 FETCH (UID 1 BODY[TEXT]<0> {7}*This is BODY[TEXT]<8> {2}*me)
1< b OK *
1> c UID FETCH 1 (BODY.PEEK[]<999999.10>)
1< * 1 FETCH (UID 1 BODY[]<999999> {0}*)
1< c OK *
