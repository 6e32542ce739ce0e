# RFC 7162 §3.1.8: SELECT (CONDSTORE); MODSEQ then comes with every change of flags
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX (CONDSTORE)
1< * OK [HIGHESTMODSEQ $high] *
1< a OK *
1> b STORE 1 +FLAGS (\Seen)
1< * 1 FETCH (UID 1 FLAGS (\Seen \Recent) MODSEQ ($one))
1< b OK *
1> c STORE 1 +FLAGS.SILENT (\Flagged)
1< * 1 FETCH (UID 1 MODSEQ ($two))
1< c OK *
1> d FETCH 1 (MODSEQ)
1< * 1 FETCH (MODSEQ ($two))
1< d OK *
1> e FETCH 1:2 (FLAGS) (CHANGEDSINCE $one)
1< * 1 FETCH (FLAGS (\Flagged \Seen \Recent) MODSEQ ($two))
1! * 2 FETCH *
1< e OK *
1> f STATUS INBOX (HIGHESTMODSEQ)
1< * STATUS "INBOX" (HIGHESTMODSEQ $two)
1< f OK *
