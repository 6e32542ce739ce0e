# RFC 3516: decoded parts and their sizes; \Seen as for BODY[]
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
--b
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AGFiYw==
--b
Content-Transfer-Encoding: x-eigen

abc
--b--
>>>
1< a OK *
1> b SELECT INBOX
1< b OK *
1> c FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[2] BINARY.PEEK[1] BINARY.PEEK[2]<1.2> BINARY.PEEK[7])
1< * 1 FETCH (BINARY.SIZE[1] 7 BINARY.SIZE[2] 4 BINARY[1] {7}*Grüße BINARY[2]<1> {2}*ab BINARY[7] NIL)
1< c OK *
1> d FETCH 1 BINARY[1]
1< * 1 FETCH (BINARY[1] {7}*Grüße FLAGS (\Seen \Recent))
1< d OK *
1> e FETCH 1 BINARY.PEEK[3]
1< e NO [UNKNOWN-CTE] *
# §4.3: a string where there is no NUL, a literal8 where there is one
1> f FETCH 1 (BINARY.PEEK[1] BINARY.PEEK[2] BINARY.PEEK[2]<1.9>)
1< * 1 FETCH (BINARY[1] {7}*Grüße BINARY[2] ~{4}* BINARY[2]<1> {3}*abc)
1< f OK *
1> g FETCH 1 BINARY.PEEK[2]<9.1>
1< * 1 FETCH (BINARY[2]<9> {0}*)
1< g OK *
