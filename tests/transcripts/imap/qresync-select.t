# RFC 7162 §3.2.5: SELECT (QRESYNC …) tells what is gone and what changed since
@mail anna INBOX 6
@login 1 anna
@login 2 anna
1> a ENABLE QRESYNC
1< a OK *
1> b SELECT INBOX
1< * OK [UIDVALIDITY $validity] *
1< * OK [HIGHESTMODSEQ $known] *
1< b OK *
1> c UNSELECT
1< c OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 2,4 +FLAGS.SILENT (\Deleted)
2< b OK *
2> c EXPUNGE
2< c OK *
2> d STORE 1,4 +FLAGS.SILENT (\Seen)
2< d OK *
1> d SELECT INBOX (QRESYNC ($validity $known))
1< * 4 EXISTS
1< * VANISHED (EARLIER) 2,4
1< * 1 FETCH (UID 1 FLAGS (\Seen) MODSEQ (*))
1< * 4 FETCH (UID 6 FLAGS (\Seen) MODSEQ (*))
1! * 2 FETCH *
1< d OK [READ-WRITE] *
# Only what the client knows
1> e EXAMINE INBOX (QRESYNC ($validity $known 3:6))
1< * OK [CLOSED] *
1< * VANISHED (EARLIER) 4
1< * 4 FETCH (UID 6 FLAGS (\Seen) MODSEQ (*))
1! * 1 FETCH *
1< e OK [READ-ONLY] *
# With sequence match data, which the server does not need here
1> f SELECT INBOX (QRESYNC ($validity $known 1:6 (1,3 1,5)))
1< * VANISHED (EARLIER) 2,4
1< f OK *
# Another UIDVALIDITY: nothing is told
1> g SELECT INBOX (QRESYNC (1 $known))
1! * VANISHED *
1! * * FETCH *
1< g OK *
# Up to date: nothing to tell
1> h SELECT INBOX
1< * OK [HIGHESTMODSEQ $now] *
1< h OK *
1> i SELECT INBOX (QRESYNC ($validity $now))
1! * VANISHED *
1! * * FETCH *
1< i OK *
