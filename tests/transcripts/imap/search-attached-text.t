# RFC 9051 §6.4.4: a text part that is an attachment is part of the body
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

cover
--b
Content-Type: text/csv; charset=utf-8
Content-Disposition: attachment; filename=list.csv
Content-Transfer-Encoding: base64

WmFobjtCZWZ1bmQKMTE7S2FyaWVzCg==
--b--
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> b SEARCH BODY "11;karies"
1< * SEARCH 1
1< b OK *
1> c SEARCH BODY cover BODY befund
1< * SEARCH 1
1< c OK *
