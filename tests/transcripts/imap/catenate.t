# RFC 4469: a draft gets another subject and keeps its parts, without a download; \Seen stays as it is
@login 1 anna
1> a APPEND Drafts {lit}
<<<
Subject: alt
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Text
--b
Content-Type: application/pdf
Content-Transfer-Encoding: base64

JVBERi0=
--b--
>>>
1< a OK [APPENDUID $validity 1] *
1> b APPEND Drafts (\Draft) CATENATE (TEXT {lit}
<<<
Subject: neu
Content-Type: multipart/mixed; boundary=c

--c

>>>  URL "/Drafts;UIDVALIDITY=$validity/;UID=1/;SECTION=2.MIME" URL "/Drafts/;uid=1/;section=2" TEXT {lit+}
<<<

--c--
>>>)
1< b OK [APPENDUID $validity 2] *
1> c SELECT Drafts
1< c OK *
1> d FETCH 2 (BODYSTRUCTURE FLAGS)
1< * 2 FETCH (BODYSTRUCTURE ((* "plain" *)*
1< d OK *
1> e FETCH 1 FLAGS
1< * 1 FETCH (FLAGS (\Recent))
1< e OK *
# Whole messages, the selected mailbox, header fields, partials
1> f APPEND Archive CATENATE (URL ";UID=1/;SECTION=HEADER.FIELDS%20(Subject)" URL "/Drafts/;UID=1/;SECTION=1/;PARTIAL=1.2")
1< f OK *
1> g APPEND Archive CATENATE (URL "/Drafts/;UID=1") CATENATE (URL "/Drafts/;UID=1")
1< g OK [APPENDUID * 2:3] *
1> h EXAMINE Archive
1< h OK *
1> i FETCH 1 BODY[]
1< * 1 FETCH (BODY[] {18}*Subject: alt*ex)
1< i OK *
1> j UID FETCH 1:3 (RFC822.SIZE)
1< * 2 FETCH (UID 2 RFC822.SIZE $size)
1< * 3 FETCH (UID 3 RFC822.SIZE $size)
1< j OK *
