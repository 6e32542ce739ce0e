# RFC 9051 §6.4.4: a text that is not in its charset is BAD, and the session goes on
@mail anna INBOX 1
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> <raw> "a SEARCH CHARSET UTF-8 SUBJECT {2+}\r\n\xff\xfe\r\n"
1< a BAD *
1> b NOOP
1< b OK *
