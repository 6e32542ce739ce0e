# RFC 6855 §3: after ENABLE UTF8=ACCEPT a search with CHARSET is BAD, and texts are UTF-8
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: =?utf-8?Q?Z=C3=A4hne?=

x
>>>
1< a OK *
1> b ENABLE UTF8=ACCEPT
1< b OK *
1> s SELECT INBOX
1< s OK *
1> c SEARCH CHARSET UTF-8 SUBJECT x
1< c BAD *
1> d SEARCH SUBJECT "zähne"
1< * SEARCH 1
1< d OK *
