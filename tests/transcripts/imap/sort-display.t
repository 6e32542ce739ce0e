# RFC 5957: DISPLAYFROM and DISPLAYTO: the name, decoded, else the address
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
# anna@c.example, bert@a.example, Weber, Bert, Zöe
1> b SORT (DISPLAYFROM) UTF-8 ALL
1< * SORT 2 4 3 1
1< b OK *
# none, none, Arzt, Team
1> c SORT (DISPLAYTO) UTF-8 ALL
1< * SORT 3 4 2 1
1< c OK *
1> d SORT (REVERSE DISPLAYFROM) UTF-8 ALL
1< * SORT 1 3 4 2
1< d OK *
