# RFC 9051 §6.4.4: soft line breaks are no part of the text
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Die Kr=
one wurde be=
sch=E4digt=20
am Montag
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> b SEARCH BODY krone
1< * SEARCH 1
1< b OK *
1> <raw> "c SEARCH CHARSET UTF-8 BODY {11+}\r\nBESCH\xc3\x84DIGT\r\n"
1< * SEARCH 1
1< c OK *
1> d SEARCH BODY "kr="
1< * SEARCH
1< d OK *
