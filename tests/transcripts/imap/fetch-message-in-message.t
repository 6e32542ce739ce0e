# RFC 9051 §6.4.5.1: sections of messages in messages, of a digest, and of a message that is one; MIME, HEADER and
# TEXT of each; part numbers count through
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
From: user@domain.test
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="foo
 bar"

Vorwort

--foo bar
Content-Type: text/x-eigen; charset=us-ascii

hello

--foo bar
Content-Type: message/rfc822

From: sub@domain.test
Subject: submsg
Content-Type: multipart/alternative; boundary="sub1"

Innen
--sub1
Content-Type: text/html

<p>Hello</p>

--sub1
Content-Type: text/plain

Another

--sub1--
Schluss

--foo bar--
Nachwort
>>>
1< a OK *
1> b APPEND INBOX {lit+}
<<<
From: user@domain.test
Content-Type: message/rfc822

From: sub@domain.test
Subject: submsg
Content-Type: multipart/digest; boundary="foo"

--foo 

From: m1@example.test
Subject: m1

m1 body

--foo
X-Mime: m2

From: m2@example.test
Subject: m2

m2 body

--foo--
>>>
1< b OK *
1> c SELECT INBOX
1< c OK *
1> d FETCH 1 (BODY.PEEK[1] BODY.PEEK[1.MIME])
1< * 1 FETCH (BODY[1] {7}*hello* BODY[1.MIME] {*Content-Type: text/x-eigen*)
1< d OK *
1> e FETCH 1 (BODY.PEEK[2.MIME] BODY.PEEK[2.HEADER.FIELDS (SUBJECT X-FOO)])
1< * 1 FETCH (BODY[2.MIME] {*Content-Type: message/rfc822* BODY[2.HEADER.FIELDS (SUBJECT X-FOO)] {19}*Subject: submsg*)
1< e OK *
1> f FETCH 1 (BODY.PEEK[2.1] BODY.PEEK[2.2] BODY.PEEK[2.2.MIME])
1< * 1 FETCH (BODY[2.1] {14}*<p>Hello</p>* BODY[2.2] {9}*Another* BODY[2.2.MIME] {28}*text/plain*)
1< f OK *
1> g FETCH 1 (BODY.PEEK[2.TEXT])
1< * 1 FETCH (BODY[2.TEXT] {*Innen*--sub1--*Schluss*)
1! * 1 FETCH (*Nachwort*
1< g OK *
1> h FETCH 1 BODYSTRUCTURE
1< * 1 FETCH (BODYSTRUCTURE (("text" "x-eigen" ("charset" "us-ascii") NIL NIL "7bit" 7 1 *)("message" "rfc822" * (("text" "html" *)("text" "plain" *) "alternative" *) *) "mixed" ("boundary" "foo bar") *))
1< h OK *
1> i FETCH 2 (BODY.PEEK[1.1.HEADER] BODY.PEEK[1.1.TEXT])
1< * 2 FETCH (BODY[1.1.HEADER] {*From: m1@example.test*Subject: m1* BODY[1.1.TEXT] {9}*m1 body*)
1< i OK *
1> j FETCH 2 (BODY.PEEK[1.2.MIME] BODY.PEEK[1.2])
1< * 2 FETCH (BODY[1.2.MIME] {*X-Mime: m2* BODY[1.2] {*From: m2@example.test*m2 body*)
1< j OK *
1> k FETCH 2 (BODY.PEEK[1] BODY.PEEK[TEXT] BODY.PEEK[1.HEADER])
1< * 2 FETCH (BODY[1] {*From: sub@domain.test*--foo--* BODY[TEXT] {*From: sub@domain.test*--foo--* BODY[1.HEADER] {*Subject: submsg*)
1< k OK *
1> l FETCH 2 (BODY.PEEK[1.3] BODY.PEEK[7])
1< * 2 FETCH (BODY[1.3] NIL BODY[7] NIL)
1< l OK *
