# RFC 7162 §3.1.3: UNCHANGEDSINCE leaves out what changed, and MODIFIED names it
@mail anna INBOX 2
@login 1 anna
@login 2 anna
1> a SELECT INBOX (CONDSTORE)
1< * OK [HIGHESTMODSEQ $high] *
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 2 +FLAGS.SILENT (\Seen)
2< b OK *
1> b STORE 1:2 (UNCHANGEDSINCE $high) +FLAGS (\Deleted)
1< * 1 FETCH (UID 1 FLAGS (\Deleted \Recent) MODSEQ (*))
1< b OK [MODIFIED 2] *
1> c UID STORE 2 (UNCHANGEDSINCE 1) +FLAGS.SILENT (\Deleted)
1< c OK [MODIFIED 2] *
1> d FETCH 2 (FLAGS)
1< * 2 FETCH (FLAGS (\Seen \Recent))
1< d OK *
