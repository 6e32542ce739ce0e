# RFC 9051 §6.4.9: a FETCH response that comes with a UID command has the UID, in IMAP4rev1 too, also when it tells what
# others did
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 3 +FLAGS.SILENT (\Answered)
2< b OK *
1> b UID STORE 1 +FLAGS (\Seen)
1< * 1 FETCH (UID 1 FLAGS (\Seen*))
1< * 3 FETCH (UID 3 FLAGS (\Answered*))
1< b OK *
2> c STORE 2 +FLAGS.SILENT (\Flagged)
2< c OK *
1> c UID SEARCH 1
1< * 2 FETCH (UID 2 FLAGS (\Flagged*))
1< c OK *
2> d STORE 2 -FLAGS.SILENT (\Flagged)
2< d OK *
1> d NOOP
1< * 2 FETCH (FLAGS (*))
1< d OK *
1> e UID FETCH 1 (FLAGS)
1< * 1 FETCH (UID 1 FLAGS (*))
1< e OK *
