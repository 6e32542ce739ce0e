# RFC 7162 §3.2.6: UID FETCH (CHANGEDSINCE n VANISHED); what is gone is told first
@mail anna INBOX 6
@login 1 anna
1> a ENABLE QRESYNC
1< a OK *
1> b SELECT INBOX
1< * OK [HIGHESTMODSEQ $known] *
1< b OK *
1> c STORE 3,6 +FLAGS.SILENT (\Deleted)
1< c OK *
1> d EXPUNGE
1< * VANISHED 3,6
1< d OK *
1> e STORE 1 +FLAGS.SILENT (\Flagged)
1< e OK *
1> f UID FETCH 1:* (FLAGS) (CHANGEDSINCE $known VANISHED)
1< * VANISHED (EARLIER) 3,6
1< * 1 FETCH (UID 1 FLAGS (\Flagged \Recent) MODSEQ (*))
1! * 2 FETCH *
1< f OK *
1> g UID FETCH 4:5 (FLAGS) (VANISHED CHANGEDSINCE $known)
1! * VANISHED *
1< g OK *
# All are gone: "*" still means the last there ever was
1> h STORE 1:* +FLAGS.SILENT (\Deleted)
1< h OK *
1> i EXPUNGE
1< * VANISHED 1:2,4:5
1< i OK *
1> j UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)
1< * VANISHED (EARLIER) 1:6
1< j OK *
