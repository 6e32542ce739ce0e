# RFC 9051 §6.4.4: the search text is in the charset named, the message in its own
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: =?utf-8?Q?Z=C3=A4hne?=

x
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> <raw> "b SEARCH CHARSET ISO-8859-1 SUBJECT {5+}\r\nZ\xe4hne\r\n"
1< * SEARCH 1
1< b OK *
