# RFC 9051 §6.4.4: BODY looks at no header field, TEXT at those of parts too
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: outermost
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; name=befund.txt
X-Part: innermost

the text
--b
Content-Type: application/octet-stream

opaque
--b--
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> b SEARCH BODY outermost
1< * SEARCH
1< b OK *
1> c SEARCH TEXT outermost
1< * SEARCH 1
1< c OK *
1> d SEARCH BODY innermost
1< * SEARCH
1< d OK *
1> e SEARCH TEXT INNERmost
1< * SEARCH 1
1< e OK *
1> f SEARCH TEXT befund.txt
1< * SEARCH 1
1< f OK *
1> g SEARCH BODY "the text"
1< * SEARCH 1
1< g OK *
1> h SEARCH BODY opaque
1< * SEARCH
1< h OK *
