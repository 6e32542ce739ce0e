# RFC 9051 §7.5.1: no EXPUNGE while answering SEARCH; UID SEARCH may tell
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
1> b SEARCH UID 3
1! * * EXPUNGE
1< * SEARCH 3
1< b OK [EXPUNGEISSUED] *
1> c UID SEARCH UID 3
1< * SEARCH 3
1< * 1 EXPUNGE
1< c OK *
