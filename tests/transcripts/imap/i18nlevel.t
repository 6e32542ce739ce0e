# RFC 5255 §4.3: I18NLEVEL=1: SEARCH and SORT compare by i;unicode-casemap
@login 1 anna
1> m1 APPEND Drafts {lit}
<<<
Subject: =?utf-8?q?STRA=C3=9FE?=

x
>>>
1< m1 OK *
1> m2 APPEND Drafts {lit}
<<<
Subject: =?utf-8?q?=C3=A4rger?=

x
>>>
1< m2 OK *
1> a CAPABILITY
1< * CAPABILITY * I18NLEVEL=1 *
1< a OK *
1> b SELECT Drafts
1< b OK *
1> c SEARCH CHARSET UTF-8 SUBJECT "straße"
1< * SEARCH 1
1< c OK *
1> d SEARCH CHARSET UTF-8 SUBJECT "ÄRG"
1< * SEARCH 2
1< d OK *
1> e SORT (SUBJECT) UTF-8 ALL
1< * SORT 2 1
1< e OK *
