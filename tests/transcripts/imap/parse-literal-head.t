# RFC 9051 §9 literal: what only looks like one
@login 1 anna
1> a SELECT {}
1< a BAD *
1> b SELECT {5
1< b BAD *
1> c SELECT {-5}
1< c BAD *
1> <raw> "d SELECT {0005}\r\n"
1< + *
1> <raw> "INBOX\r\n"
1< d OK *
1> <raw> "e CREATE \"a{5}\"\r\n"
1< e OK *
