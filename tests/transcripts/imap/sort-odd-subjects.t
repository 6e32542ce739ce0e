# RFC 5256 §2.1, §3: base subjects: marks of answers and forwards in every form go, a list's mark does unless
# nothing else is left; no subject comes first; ties keep the mailbox's order, also in reverse
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: a

1
>>>
1< a OK *
1> b APPEND INBOX {lit+}
<<<
Subject: C

2
>>>
1< b OK *
1> c APPEND INBOX {lit+}
<<<
Subject: b

3
>>>
1< c OK *
1> d APPEND INBOX {lit+}
<<<
Subject: _

4
>>>
1< d OK *
1> e APPEND INBOX {lit+}
<<<
Subject: [foo] Fwd: [bar] Re: fw: b (fWd)  (fwd)

55
>>>
1< e OK *
1> f APPEND INBOX {lit+}
<<<
Subject: b (a)

66
>>>
1< f OK *
1> g APPEND INBOX {lit+}
<<<
Subject: Re: [FWD: c]

77
>>>
1< g OK *
1> h APPEND INBOX {lit+}
<<<
Subject: [xyz]

88
>>>
1< h OK *
1> i APPEND INBOX {lit+}
<<<
From: x@y.test

9
>>>
1< i OK *
1> j SELECT INBOX
1< j OK *
1> k SORT (SUBJECT) US-ASCII ALL
1< * SORT 9 1 3 5 6 2 7 8 4
1< k OK *
1> l SORT (REVERSE SUBJECT) US-ASCII ALL
1< * SORT 4 8 2 7 6 3 5 1 9
1< l OK *
1> m SORT (SUBJECT REVERSE SIZE) US-ASCII ALL
1< * SORT 9 1 5 3 6 7 2 8 4
1< m OK *
1> n UID SORT RETURN (MIN MAX COUNT) (SUBJECT) UTF-8 1:8
1< * ESEARCH (TAG "n") UID MIN 1 MAX 4 COUNT 8
1< n OK *
