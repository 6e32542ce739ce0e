# RFC 7888 §4: a LITERAL+ that is more than can be thrown away ends the connection
@connect 1
1< * OK *
1> <raw> "a LOGIN {100000000+}\r\n"
1< a BAD [TOOBIG] *
1< * BYE *
<close 1>
