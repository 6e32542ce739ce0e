# RFC 5267 §3: SORT RETURN is answered by ESEARCH, in the order asked for; in rev1 and rev2
@login 1 anna
1> m1 APPEND Drafts {lit}
<<<
From: =?utf-8?q?Z=C3=B6e?= <carla@b.example>
To: Team: x@x.example;
Cc: b@x.example
Subject: Re: beta
Date: Mon, 2 Mar 2026 10:00:00 +0100

x
>>>
1< m1 OK *
1> m2 APPEND Drafts {lit}
<<<
From: anna@c.example
To: dora@x.example (Arzt)
Subject: alpha
Date: Mon, 2 Mar 2026 10:00:00 -0500

a longer text than the others have
>>>
1< m2 OK *
1> m3 APPEND Drafts {lit}
<<<
From: "Weber, Bert" <bert@a.example>
Cc: A@x.example
Subject: [liste] BETA (fwd)
Date: Mon, 2 Mar 2026 09:30:00 +0000

x
>>>
1< m3 OK *
1> m4 APPEND Drafts {lit}
<<<
From: <bert@a.example>
Subject: =?iso-8859-1?q?=C4rger?=

xx
>>>
1< m4 OK *
1> a SELECT Drafts
1< a OK *
1> b SORT RETURN () (SUBJECT) UTF-8 ALL
1< * ESEARCH (TAG "b") ALL 2,4,1,3
1! * SORT *
1< b OK *
1> c UID SORT RETURN (MIN MAX COUNT) (REVERSE SUBJECT) UTF-8 ALL
1< * ESEARCH (TAG "c") UID MIN 1 MAX 2 COUNT 4
1< c OK *
# Ranges ascend
1> d SORT RETURN (ALL) (REVERSE ARRIVAL) UTF-8 1:3
1< * ESEARCH (TAG "d") ALL *
1< d OK *
1> e SORT RETURN (PARTIAL 2:3) (SUBJECT) UTF-8 ALL
1< * ESEARCH (TAG "e") PARTIAL (2:3 4,1)
1< e OK *
1> f SORT RETURN (COUNT ALL) (DATE) UTF-8 SUBJECT nothing
1< * ESEARCH (TAG "f") COUNT 0
1< f OK *
1> g SORT RETURN (SAVE) (SUBJECT) UTF-8 2:3
1! * ESEARCH *
1< g OK *
1> h FETCH $ (UID)
1< * 2 FETCH (UID 2)
1< * 3 FETCH (UID 3)
1< h OK *
1> i ENABLE IMAP4rev2
1< i OK *
1> j SORT (SUBJECT) UTF-8 ALL
1< * SORT 2 4 1 3
1< j OK *
1> k SORT RETURN (ALL) (SUBJECT) UTF-8 ALL
1< * ESEARCH (TAG "k") ALL 2,4,1,3
1< k OK *
