# RFC 3501 §2.3.2: \Recent is the server's
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b STORE 1 FLAGS (\Recent)
1< b BAD *
