# RFC 6532: a header in raw UTF-8 is found as well as an encoded one
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: Größe
From: Jürgen <j@x.example>

x
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> <raw> "b SEARCH CHARSET UTF-8 SUBJECT {7+}\r\ngr\xc3\xb6\xc3\x9fe\r\n"
1< * SEARCH 1
1< b OK *
1> <raw> "c SEARCH CHARSET UTF-8 FROM {7+}\r\nJ\xc3\x9cRGEN\r\n"
1< * SEARCH 1
1< c OK *
