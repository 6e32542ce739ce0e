# RFC 9051 §6.4.3: EXPUNGE removes what is \Deleted; numbers shift
@mail anna INBOX 4
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b STORE 2,4 +FLAGS.SILENT (\Deleted)
1< b OK *
1> c EXPUNGE
1< * 4 EXPUNGE
1< * 2 EXPUNGE
1! * * EXISTS
1< c OK *
1> d UID FETCH 1:* (UID)
1< * 1 FETCH (UID 1)
1< * 2 FETCH (UID 3)
1< d OK *
