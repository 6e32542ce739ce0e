# RFC 7162 §3.1.6: SORT names the highest mod-sequence of what it returns
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX (CONDSTORE)
1< a OK *
1> b STORE 2 +FLAGS.SILENT (\Seen)
1< * 2 FETCH (UID 2 MODSEQ ($two))
1< b OK *
1> c SORT (REVERSE SIZE) UTF-8 MODSEQ $two
1< * SORT 2 (MODSEQ $two)
1< c OK *
1> d UID SORT RETURN (ALL) (ARRIVAL) UTF-8 MODSEQ 1
1< * ESEARCH (TAG "d") UID ALL 1:2 MODSEQ $two
1< d OK *
