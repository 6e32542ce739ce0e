# RFC 9051 §7.5.2, RFC 2045, RFC 2231: BODYSTRUCTURE of parts as senders write them: continued and encoded
# parameters, no type at all, odd dispositions, a multipart without parts, languages, MD5 and location
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; name*0="lang"; name*1="er Name.txt"
Content-Disposition: attachment; filename*0*=utf-8''R%C3%B6; filename*1="ntgen.png"

x
--b

ohne Kopf
--b
Content-Type: application/pdf; NAME="a b.pdf"
Content-Transfer-Encoding: BASE64
Content-ID: <c@d.test>
Content-Description: Befund
Content-MD5: abc
Content-Language: de, en
Content-Location: http://x.test/

AAAA
--b
Content-Type: image/

y
--b--
>>>
1< a OK *
1> b APPEND INBOX {lit+}
<<<
Content-Type: multipart/mixed; boundary=b

keine Teile
>>>
1< b OK *
1> c SELECT INBOX
1< c OK *
1> d FETCH 1 BODYSTRUCTURE
1< * 1 FETCH (BODYSTRUCTURE (("text" "plain" ("name" "langer Name.txt" "charset" "us-ascii") NIL NIL "7bit" 1 0 NIL ("attachment" ("filename*" "utf-8''R%C3%B6ntgen.png")) NIL NIL)("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 9 0 NIL NIL NIL NIL)("application" "pdf" ("name" "a b.pdf") "<c@d.test>" "Befund" "base64" 4 "abc" NIL ("de" "en") "http://x.test/")(*) "mixed" ("boundary" "b") NIL NIL NIL))
1< d OK *
1> e FETCH 2 (BODY BODY.PEEK[1])
1< * 2 FETCH (BODY ("text" "plain" *) BODY[1] {13}*keine Teile*)
1< e OK *
