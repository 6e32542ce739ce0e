# RFC 7162 §3.2.3, §3.2.7, §3.2.10: with QRESYNC on, VANISHED stands for EXPUNGE, and the tagged reply names HIGHESTMODSEQ
@mail anna INBOX 5
@login 1 anna
@login 2 anna
1> a ENABLE QRESYNC
1< * ENABLED QRESYNC
1< a OK *
1> b SELECT INBOX
1< b OK *
2> b SELECT INBOX
2< b OK *
1> c STORE 2:3 +FLAGS.SILENT (\Deleted)
1< * 2 FETCH (UID 2 MODSEQ (*))
1< c OK *
1> d EXPUNGE
1< * VANISHED 2:3
1! * * EXPUNGE
1< d OK [HIGHESTMODSEQ $high] *
1> e EXPUNGE
1! * VANISHED *
1< e OK EXPUNGE done
2> c NOOP
2< * 3 EXPUNGE
2< * 2 EXPUNGE
2< c OK *
2> d STORE 1 +FLAGS (\Deleted)
2< d OK *
2> e EXPUNGE
2< * 1 EXPUNGE
2< e OK *
# Told of another session's expunge, and withheld from FETCH; what the client may resume from is told
1> f FETCH 2 (MODSEQ)
1! * VANISHED *
1< * OK [HIGHESTMODSEQ $told] *
1< f OK [EXPUNGEISSUED] *
1> g NOOP
1< * VANISHED 1
1< g OK *
1> h UID EXPUNGE 4
1! * VANISHED *
1< h OK EXPUNGE done
1> i STORE 1 +FLAGS.SILENT (\Deleted)
1< i OK *
1> j UID EXPUNGE 4
1< * VANISHED 4
1< j OK [HIGHESTMODSEQ *] *
1> k MOVE 1 Trash
1< * OK [COPYUID * 5 1] *
1< * VANISHED 5
1< k OK [HIGHESTMODSEQ *] *
# RFC 7162 §3.2.8: never with CLOSE
1> l SELECT Trash
1< l OK *
1> m STORE 1 +FLAGS.SILENT (\Deleted)
1< m OK *
1> n CLOSE
1! * VANISHED *
1< n OK the mailbox is closed
