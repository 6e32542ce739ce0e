# RFC 7888 §4: a refused LITERAL+ is read and thrown away, with the literals behind it
@login 1 anna
1> <raw> "a FOO {9+}\r\nb LOGOUT\n {3+}\r\nabc tail\r\nc NOOP\r\n"
1! b *
1< a BAD *
1< c OK *
1> <raw> "d NOOP {4+}\r\nabcd\r\ne NOOP\r\n"
1< d BAD *
1< e OK *
