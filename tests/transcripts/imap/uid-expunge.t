# RFC 4315 §2.1: only those named, and only when \Deleted
@mail anna INBOX 4
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b STORE 1:3 +FLAGS.SILENT (\Deleted)
1< b OK *
1> c UID EXPUNGE 2,4
1< * 2 EXPUNGE
1! * 1 EXPUNGE
1! * 4 EXPUNGE
1< c OK *
1> d STATUS INBOX (MESSAGES DELETED)
1< * STATUS "INBOX" (MESSAGES 3 DELETED 2)
1< d OK *
