# RFC 9051 §6.4.4: substrings of decoded texts, in any case and charset
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
From: =?iso-8859-1?Q?J=FCrgen?= <j@secure.test>
Subject: =?utf-8?B?UsO2bnRnZW5iaWxk?= Backenzahn
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Sch=F6ne Gr=FC=DFe aus der Praxis
>>>
1< a OK *
1> b SELECT INBOX
1< b OK *
1> d UID SEARCH CHARSET UTF-8 SUBJECT "backen" BODY "praxis"
1< * SEARCH 1
1< d OK *
1> e SEARCH FROM "secure.test" TEXT "Backenzahn"
1< * SEARCH 1
1< e OK *
1> f SEARCH BODY "Backenzahn"
1< * SEARCH
1< f OK *
1> g SEARCH HEADER Subject ""
1< * SEARCH 1
1< g OK *
1> h SEARCH CHARSET KLINGON SUBJECT x
1< h NO [BADCHARSET *] *
