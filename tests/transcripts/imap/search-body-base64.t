# RFC 9051 §6.4.4: the body is searched decoded
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

RGllIFdhY2h
zZsO8bGx1bm
cgaXN0IGxvc2U=
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> b SEARCH BODY wachsf
1< * SEARCH 1
1< b OK *
1> <raw> "c SEARCH CHARSET UTF-8 BODY {22+}\r\nwachsf\xc3\xbcllung IST lose\r\n"
1< * SEARCH 1
1< c OK *
1> d SEARCH BODY RGllIFdhY2h
1< * SEARCH
1< d OK *
1> e SEARCH TEXT lose
1< * SEARCH 1
1< e OK *
