# RFC 9051 §9 append: without a message, with a wrong date, with more behind it: BAD, nothing stored
@login 1 anna
1> a APPEND Archive
1< a BAD *
1> b APPEND Archive (\Seen)
1< b BAD *
1> c APPEND Archive "no literal"
1< c BAD *
1> <raw> "d APPEND Archive \"32-Jan-2026 00:00:00 +0000\" {3+}\r\nx\r\n\r\n"
1< d BAD *
1> <raw> "e APPEND Archive {3+}\r\nx\r\n (\\Seen)\r\n"
1< e BAD *
1> f STATUS Archive (MESSAGES)
1< * STATUS * (MESSAGES 0)
1< f OK *
