# RFC 5256 SORT, THREAD: no EXPUNGE meanwhile, but in the UID forms
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS.SILENT (\Deleted)
2< b OK *
2> c EXPUNGE
2< c OK *
1> b SORT (ARRIVAL) UTF-8 ALL
1! * * EXPUNGE
1< * SORT 2 3
1< b OK [EXPUNGEISSUED] *
1> c THREAD REFERENCES UTF-8 ALL
1! * * EXPUNGE
1< * THREAD *
1< c OK [EXPUNGEISSUED] *
1> d UID SORT (ARRIVAL) UTF-8 UID 2:3
1< * SORT 2 3
1< * 1 EXPUNGE
1< d OK *
