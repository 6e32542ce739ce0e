# RFC 9051 §6.4.4: an embedded message's text is body; its fields are found by TEXT
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: outer
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/rfc822

Subject: =?utf-8?Q?inner_m=C3=BCde?=
Content-Transfer-Encoding: quoted-printable

caf=C3=A9
--b--
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> <raw> "b SEARCH CHARSET UTF-8 BODY {5+}\r\nCAF\xc3\x89\r\n"
1< * SEARCH 1
1< b OK *
1> <raw> "c SEARCH CHARSET UTF-8 TEXT {5+}\r\nm\xc3\xbcde\r\n"
1< * SEARCH 1
1< c OK *
1> d SEARCH BODY inner
1< * SEARCH
1< d OK *
1> e SEARCH SUBJECT inner
1< * SEARCH
1< e OK *
