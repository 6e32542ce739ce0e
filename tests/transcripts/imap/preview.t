# RFC 8970: the first words of a message, decoded and without markup; "" where there are none; \Seen stays as it is
@login 1 anna
1> a APPEND Drafts {lit}
<<<
Subject: eins
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Guten Tag,

der Z=E4hne-Befund ist da.
>>>
1< a OK *
1> b APPEND Drafts {lit}
<<<
Subject: zwei
Content-Type: text/html

<html><head><style>p { margin: 0 }</style></head><body><p>Bis &lt;morgen&gt;</p></body></html>
>>>
1< b OK *
1> c APPEND Drafts {lit}
<<<
Subject: drei
Content-Type: image/png
Content-Transfer-Encoding: base64

AAAA
>>>
1< c OK *
1> d APPEND Drafts {lit}
<<<
Subject: vier

> Zitat
Antwort
>>>
1< d OK *
1> e SELECT Drafts
1< e OK *
1> f FETCH 1:4 (PREVIEW)
1< * 1 FETCH (PREVIEW {36}*Guten Tag, der Zähne-Befund ist da.*)
1< * 2 FETCH (PREVIEW "Bis <morgen>")
1< * 3 FETCH (PREVIEW "")
1< * 4 FETCH (PREVIEW "Antwort")
1< f OK *
1> g UID FETCH 2 (PREVIEW (LAZY) RFC822.SIZE)
1< * 2 FETCH (UID 2 PREVIEW "Bis <morgen>" RFC822.SIZE *)
1< g OK *
1> h FETCH 4 PREVIEW (LAZY)
1< * 4 FETCH (PREVIEW "Antwort")
1< h OK *
1> i FETCH 1:4 (FLAGS)
1! * * FETCH (FLAGS (*\Seen*))
1< i OK *
1> j FETCH 4 (PREVIEW (EAGER))
1< j BAD *
1> k FETCH 4 (PREVIEW (LAZY)
1< k BAD *
1> l ENABLE IMAP4rev2
1< l OK *
1> m FETCH 4 (PREVIEW)
1< * 4 FETCH (PREVIEW "Antwort")
1< m OK *
