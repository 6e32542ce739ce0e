# RFC 9051 §7.5.1: no EXPUNGE while answering FETCH, STORE or SEARCH by number
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 2 +FLAGS.SILENT (\Deleted)
2< b OK *
2> c EXPUNGE
2< c OK *
1> b NOOP
1< * 2 EXPUNGE
1< b OK *
2> d STORE 1 +FLAGS.SILENT (\Deleted)
2< d OK *
2> e EXPUNGE
2< e OK *
1> c FETCH 1 UID
1! * * EXPUNGE
1< * 1 FETCH (UID 1)
1< c OK *
1> d STORE 1 +FLAGS (\Seen)
1! * * EXPUNGE
1< d * *
1> e UID FETCH 3 UID
1< * * FETCH (UID 3)
1< e OK *
1> f NOOP
1< f OK *
1> g FETCH 1 UID
1< * 1 FETCH (UID 3)
1< g OK *
