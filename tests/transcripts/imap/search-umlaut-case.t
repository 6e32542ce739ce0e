# RFC 9051 §6.4.4, RFC 5051: ä finds Ä, composed or not
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: =?utf-8?Q?=C3=84RZTLICHE_Verf=C3=BCgung?=

text
>>>
1< a OK *
1> b APPEND INBOX {lit+}
<<<
Subject: =?utf-8?B?YcyIcnp0bGljaA==?=

text
>>>
1< b OK *
1> s SELECT INBOX
1< s OK *
1> <raw> "c SEARCH CHARSET UTF-8 SUBJECT {9+}\r\n\xc3\xa4rztlich\r\n"
1< * SEARCH 1 2
1< c OK *
1> <raw> "d SEARCH CHARSET UTF-8 SUBJECT {10+}\r\nVERF\xc3\x9cGUNG\r\n"
1< * SEARCH 1
1< d OK *
1> <raw> "e SEARCH CHARSET UTF-8 NOT SUBJECT {10+}\r\nverf\xc3\xbcgung\r\n"
1< * SEARCH 2
1< e OK *
1> f SEARCH SUBJECT verfugung
1< * SEARCH
1< f OK *
