# RFC 3501 §2.3.2, §6.3.2: \Recent goes to one session, and EXAMINE takes it from nobody; §7.3.2: how many there are
# is told when they get fewer, too
@mail anna INBOX 2
@login 1 anna
@login 2 anna
@login 3 anna
3> a EXAMINE INBOX
3< * 2 RECENT
3< a OK *
3> b FETCH 1 FLAGS
3< * 1 FETCH (FLAGS (\Recent))
3< b OK *
3> c CLOSE
3< c OK *
1> a SELECT INBOX
1< * 2 RECENT
1< a OK *
2> a SELECT INBOX
2< * 0 RECENT
2< a OK *
2> b FETCH 1 FLAGS
2< * 1 FETCH (FLAGS ())
2< b OK *
1> b FETCH 1:2 FLAGS
1< * 1 FETCH (FLAGS (\Recent))
1< * 2 FETCH (FLAGS (\Recent))
1< b OK *
1> c STORE 1 +FLAGS.SILENT (\Deleted)
1< c OK *
1> d EXPUNGE
1< * 1 EXPUNGE
1< * 1 RECENT
1< d OK *
2> c NOOP
2! * * RECENT
2< * 1 EXPUNGE
2< c OK *
