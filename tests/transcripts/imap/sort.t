# RFC 5256 SORT: every criterion, REVERSE, ties by sequence number, i;unicode-casemap
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
1> b SORT (SUBJECT) UTF-8 ALL
1< * SORT 2 4 1 3
1< b OK *
1> c SORT (REVERSE SUBJECT) UTF-8 ALL
1< * SORT 1 3 4 2
1< c OK *
# 09:00, 15:00 and 09:30 UTC; the fourth has no Date and counts by its internal date
1> d SORT (DATE) US-ASCII 1:3
1< * SORT 1 3 2
1< d OK *
1> e SORT (SUBJECT REVERSE DATE) UTF-8 1:3
1< * SORT 2 3 1
1< e OK *
1> f SORT (FROM) UTF-8 ALL
1< * SORT 2 3 4 1
1< f OK *
1> g SORT (TO) UTF-8 ALL
1< * SORT 3 4 2 1
1< g OK *
1> h SORT (CC) UTF-8 ALL
1< * SORT 2 4 3 1
1< h OK *
1> i SORT (ARRIVAL) UTF-8 ALL
1< * SORT 1 2 3 4
1< i OK *
1> j SORT (REVERSE SIZE) UTF-8 2:4
1< * SORT 2 3 4
1< j OK *
1> k UID SORT (REVERSE ARRIVAL SUBJECT) UTF-8 UID 1,4
1< * SORT *
1< k OK *
1> l SORT (SUBJECT) US-ASCII TEXT "not in mailbox"
1< * SORT
1< l OK *
1> m SORT (SUBJECT) ISO-8859-1 SUBJECT {lit+}
<<<
beta
>>>
1< m OK *
