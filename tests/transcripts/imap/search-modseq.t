# RFC 7162 §3.1.5: SEARCH MODSEQ, and the highest one in the answer
@mail anna INBOX 3
@login 1 anna
1> a SELECT INBOX (CONDSTORE)
1< a OK *
1> b STORE 2 +FLAGS (\Seen)
1< * 2 FETCH (UID 2 FLAGS (*) MODSEQ ($new))
1< b OK *
1> c SEARCH MODSEQ $new
1< * SEARCH 2 (MODSEQ $new)
1< c OK *
1> d SEARCH RETURN (COUNT) MODSEQ $new
1< * ESEARCH (TAG "d") COUNT 1 MODSEQ $new
1< d OK *
