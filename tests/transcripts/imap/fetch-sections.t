# RFC 9051 §6.4.5: HEADER, HEADER.FIELDS, TEXT, MIME, part numbers; the reply repeats what was asked
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
From: <a@secure.test>
Subject: Teile
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

erster
--b
Content-Type: message/rfc822

Subject: innen

drin
--b--
>>>
1< a OK *
1> b SELECT INBOX
1< b OK *
1> c FETCH 1 (BODY.PEEK[HEADER.FIELDS (Subject X-Nix)] BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[2.HEADER] BODY.PEEK[2.TEXT] BODY.PEEK[2.1] BODY.PEEK[9])
1< * 1 FETCH (BODY[HEADER.FIELDS (Subject X-Nix)] {18}*Subject: Teile* BODY[1] {6}*erster BODY[1.MIME] {43}*Content-Type: text/plain; charset=utf-8* BODY[2.HEADER] {18}*Subject: innen* BODY[2.TEXT] {4}*drin BODY[2.1] {4}*drin BODY[9] NIL)
1< c OK *
1> d FETCH 1 BODYSTRUCTURE
1< * 1 FETCH (BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 6 *)("message" "rfc822" *) "mixed" *))
1< d OK *
1> e FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT (Subject From MIME-Version)])
1< * 1 FETCH (BODY[HEADER.FIELDS.NOT (Subject From MIME-Version)] {47}*Content-Type: multipart/mixed*)
1< e OK *
