# TRACE.md: any umlaut: CHARSET UTF-8 and a synchronising literal
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: =?utf-8?B?UsO2bnRnZW5iaWxk?=

x
>>>
1< a OK *
1> b SELECT INBOX
1< b OK *
1> <raw> "c UID SEARCH CHARSET UTF-8 UNDELETED SUBJECT {12}\r\n"
1< + *
1> <raw> "R\xc3\xb6ntgenbild\r\n"
1< * SEARCH 1
1< c OK *
