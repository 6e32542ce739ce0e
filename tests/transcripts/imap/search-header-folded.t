# RFC 5322 §2.2.3, RFC 2047 §6.2: folding and the blank between encoded words are no part of the text
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: =?utf-8?Q?Kosten?= =?utf-8?Q?voranschlag_?=
 =?utf-8?Q?f=C3=BCr?= Herrn
 Lang

x
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> b SEARCH SUBJECT kostenvoranschlag
1< * SEARCH 1
1< b OK *
1> <raw> "c SEARCH CHARSET UTF-8 SUBJECT {27+}\r\nvoranschlag f\xc3\xbcr herrn lang\r\n"
1< * SEARCH 1
1< c OK *
1> d SEARCH SUBJECT "=?utf-8"
1< * SEARCH
1< d OK *
