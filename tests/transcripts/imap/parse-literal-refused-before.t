# RFC 9051 §4.3: a command that is wrong already is refused before its literal is asked for
@login 1 anna
1> <raw> "a FOO {9}\r\n"
1! + *
1< a BAD *
1> <raw> "b SELECT INBOX {9}\r\n"
1! + *
1< b BAD *
1> <raw> "c SELECT {1000000}\r\n"
1! + *
1< c BAD [TOOBIG] *
1> <raw> "d SELECT {99999999999999999999999}\r\n"
1! + *
1< d BAD [TOOBIG] *
1> e NOOP
1< e OK *
