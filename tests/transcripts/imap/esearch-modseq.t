# RFC 4731 §3.2: MODSEQ of what is returned: of the ends for MIN and MAX, of all for ALL and COUNT
@mail anna INBOX 3
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> x ENABLE CONDSTORE
1< x OK *
1> a STORE 1 +FLAGS (\Seen)
1< * 1 FETCH (*MODSEQ ($first))
1< a OK *
1> b STORE 3 +FLAGS (\Seen)
1< * 3 FETCH (*MODSEQ ($last))
1< b OK *
1> c STORE 2 +FLAGS (\Seen)
1< * 2 FETCH (*MODSEQ ($middle))
1< c OK *
1> d SEARCH RETURN (MIN) MODSEQ $first
1< * ESEARCH (TAG "d") MIN 1 MODSEQ $first
1< d OK *
1> e SEARCH RETURN (MIN MAX) MODSEQ $first
1< * ESEARCH (TAG "e") MIN 1 MAX 3 MODSEQ $last
1< e OK *
1> f SEARCH RETURN (MIN COUNT) MODSEQ $first
1< * ESEARCH (TAG "f") MIN 1 COUNT 3 MODSEQ $middle
1< f OK *
1> g SEARCH MODSEQ "/flags/\\Seen" all $middle
1< * SEARCH 2 (MODSEQ $middle)
1< g OK *
1> h SEARCH MODSEQ 4611686018427387904
1< * SEARCH
1< h OK *
1> i SEARCH RETURN (MAX) MODSEQ $first
1< * ESEARCH (TAG "i") MAX 3 MODSEQ $last
1< i OK *
1> j SEARCH RETURN (COUNT) MODSEQ 4611686018427387904
1< * ESEARCH (TAG "j") COUNT 0
1< j OK *
