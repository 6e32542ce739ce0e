# RFC 3501 §6.3.1: what SELECT says
@mail anna INBOX 3
@login 1 anna
1> a SELECT INBOX
1< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft*)
1< * 3 EXISTS
1< * 3 RECENT
1< * OK [UNSEEN 1] *
1< * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft*\*)] *
1< * OK [UIDVALIDITY $validity] *
1< * OK [UIDNEXT 4] *
1< * OK [HIGHESTMODSEQ $modseq] *
1< a OK [READ-WRITE] *
