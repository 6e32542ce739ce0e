# RFC 9051 §6.4.4: each part in its own character set
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=koi8-r
Content-Transfer-Encoding: base64

+tXC
--b
Content-Type: text/plain; charset=windows-1252
Content-Transfer-Encoding: quoted-printable

100 =80
--b
Content-Type: text/plain; charset=iso-2022-jp
Content-Transfer-Encoding: 7bit

x
--b--
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> <raw> "b SEARCH CHARSET UTF-8 BODY {6+}\r\n\xd0\xb7\xd1\x83\xd0\xb1\r\n"
1< * SEARCH 1
1< b OK *
1> <raw> "c SEARCH CHARSET UTF-8 BODY {7+}\r\n100 \xe2\x82\xac\r\n"
1< * SEARCH 1
1< c OK *
1> <raw> "d SEARCH CHARSET KOI8-R BODY {3+}\r\n\xda\xd5\xc2\r\n"
1< * SEARCH 1
1< d OK *
