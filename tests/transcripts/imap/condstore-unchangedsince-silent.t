# RFC 7162 §3.1.3: a conditional STORE tells the MODSEQ of each message that passed, with .SILENT too, also where the
# flag was there already and so no mod-sequence changes (§3.1.11); 0 lets nobody through, nor what is unset
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX (CONDSTORE)
1< a OK *
1> b STORE 1 +FLAGS.SILENT (\Flagged)
1< * 1 FETCH (UID 1 MODSEQ ($one))
1< b OK *
1> c STORE 1:2 (UNCHANGEDSINCE $one) +FLAGS.SILENT (\Flagged)
1< * 1 FETCH (UID 1 MODSEQ ($one))
1< * 2 FETCH (UID 2 MODSEQ ($two))
1< c OK *
1> d UID STORE 1 (UNCHANGEDSINCE $two) -FLAGS.SILENT (\Draft)
1< * 1 FETCH (UID 1 MODSEQ ($one))
1< d OK *
1> e STORE 1:2 (UNCHANGEDSINCE 0) +FLAGS.SILENT ($MDNSent)
1! * * FETCH *
1< e OK [MODIFIED 1:2] *
# A message that is named twice passes twice
1> f STORE 2,1:2 (UNCHANGEDSINCE $two) +FLAGS.SILENT (\Answered)
1< * 1 FETCH (UID 1 MODSEQ (*))
1< * 2 FETCH (UID 2 MODSEQ (*))
1! f OK [MODIFIED*
1< f OK *
# Without a condition, what changes nothing is not told
1> g STORE 2 +FLAGS.SILENT (\Answered)
1! * * FETCH *
1< g OK *
