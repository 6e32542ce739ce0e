# RFC 9051 §7.5.2: body lines are counted by their ends, as other servers count them, and the CRLF before a boundary is the
# boundary's (RFC 2046 §5.1.1); a text without charset is in us-ascii (RFC 2046 §4.1.2), and is shown as that
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Content-Type: multipart/mixed; boundary=b

--b

one line
--b
Content-Type: text/html

two
lines
--b
Content-Type: text/plain; format=flowed

one, and its end

--b
Content-Type: TEXT/PLAIN; charset=UTF-8


--b
Content-Type: message/rfc822

Subject: inner

text
--b--
>>>
1< a OK *
1> b SELECT INBOX
1< b OK *
1> c FETCH 1 BODY
1< * 1 FETCH (BODY (("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 8 0)("text" "html" ("charset" "us-ascii") NIL NIL "7bit" 10 1)("text" "plain" ("format" "flowed" "charset" "us-ascii") NIL NIL "7bit" 18 1)("text" "plain" ("charset" "UTF-8") NIL NIL "7bit" 0 0)("message" "rfc822" NIL NIL NIL "7bit" 22 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 0) 2) "mixed"))
1< c OK *
