# RFC 7162 with IMAP4rev2: VANISHED in IDLE, and not in a UID SEARCH that names sequence numbers
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> a ENABLE IMAP4rev2 QRESYNC
1< * ENABLED IMAP4rev2 QRESYNC
1< a OK *
1> b SELECT INBOX
1< b OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS (\Deleted)
2< b OK *
2> c EXPUNGE
2< c OK *
1> c UID SEARCH 2:3
1! * VANISHED *
1< * ESEARCH (TAG "c") UID ALL 2:3
1< c OK [EXPUNGEISSUED] *
1> d UID SEARCH UID 2:3
1< * VANISHED 1
1< d OK *
2> d STORE 1 +FLAGS.SILENT (\Deleted)
2< d OK *
1> e IDLE
1< + *
2> e EXPUNGE
2< e OK *
1< * VANISHED 2
1> DONE
1< e OK *
