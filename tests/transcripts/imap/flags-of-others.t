# RFC 9051 §7.5.2: flags that another session changed are told with the next command
@mail anna INBOX 1
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS.SILENT (\Seen)
2< b OK *
1> b NOOP
1< * 1 FETCH (FLAGS (\Seen \Recent))
1< b OK *
1> c NOOP
1! * * FETCH *
1< c OK *
