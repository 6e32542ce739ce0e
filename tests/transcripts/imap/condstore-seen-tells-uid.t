# RFC 7162 §3.2.4: after a CONDSTORE enabling command a FETCH that sets \Seen tells UID, FLAGS and MODSEQ, and one that
# does not tells what was asked for alone
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX (CONDSTORE)
1< a OK *
1> b FETCH 1 (BODY[TEXT]<0.4>)
1< * 1 FETCH (BODY[TEXT]<0> {4}*This UID 1 FLAGS (\Seen \Recent) MODSEQ ($one))
1< b OK *
1> c FETCH 1 (BODY[TEXT]<0.4>)
1< * 1 FETCH (BODY[TEXT]<0> {4}*This)
1< c OK *
1> d UID FETCH 2 (BODY[TEXT]<0.4>)
1< * 2 FETCH (UID 2 BODY[TEXT]<0> {4}*This FLAGS (\Seen \Recent) MODSEQ (*))
1< d OK *
1> e FETCH 1 (MODSEQ)
1< * 1 FETCH (MODSEQ ($one))
1< e OK *
