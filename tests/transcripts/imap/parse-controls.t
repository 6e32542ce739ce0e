# RFC 9051 §9: no control characters in words and quoted strings, and only \ and " after a backslash
@login 1 anna
1> <raw> "a SELECT \"x\x00y\"\r\n"
1< a BAD *
1> <raw> "b SELECT x\x7f\r\n"
1< b BAD *
1> <raw> "c NO\rOP\r\n"
1< c BAD *
1> <raw> "d SELECT \"x\\y\"\r\n"
1< d BAD *
1> <raw> "e SELECT \"open\r\n"
1< e BAD *
1> <raw> "f SELECT {3+}\r\na\x00b\r\n"
1< f BAD *
1> <raw> "g CREATE \"a\\\"b\"\r\n"
1< g OK *
1> h NOOP
1< h OK *
