# RFC 9051 §7.5.2, §6.3.13: with IMAP4rev2 a FETCH response that nobody asked for has the UID, in IDLE too
@mail anna INBOX 2
@login 1 anna
@login 2 anna
1> a ENABLE IMAP4rev2
1< a OK *
1> b SELECT INBOX
1< b OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 2 +FLAGS.SILENT (\Flagged)
2< b OK *
1> c NOOP
1< * 2 FETCH (UID 2 FLAGS (\Flagged))
1< c OK *
1> d FETCH 1 (BODY[TEXT]<0.4>)
1< * 1 FETCH (BODY[TEXT]<0> {4}*This UID 1 FLAGS (\Seen))
1< d OK *
1> e IDLE
1< + *
2> c STORE 2 -FLAGS.SILENT (\Flagged)
2< c OK *
1< * 2 FETCH (UID 2 FLAGS ())
1> DONE
1< e OK *
# What was asked for is told as it was asked for
1> f FETCH 2 (FLAGS)
1< * 2 FETCH (FLAGS ())
1< f OK *
