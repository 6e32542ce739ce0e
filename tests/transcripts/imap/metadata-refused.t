# RFC 5464 §4.3: what is too long, too much, or no name; and then nothing is changed
@login 1 anna
1> a SETMETADATA INBOX (/private/a "x" /private/b* "y")
1< a BAD *
1> b SETMETADATA INBOX (/other/a "x")
1< b BAD *
1> c SETMETADATA INBOX (/private/a/ "x")
1< c BAD *
1> d SETMETADATA INBOX ()
1< d BAD *
1> e SETMETADATA INBOX (/private/a)
1< e BAD *
1> f SETMETADATA Nowhere (/private/a "x")
1< f NO [NONEXISTENT] *
1> g GETMETADATA Nowhere /private/a
1< g NO [NONEXISTENT] *
1> <raw> "h SETMETADATA INBOX (/private/a x)\r\n"
1< h BAD *
1> <raw> "i SETMETADATA INBOX (/private/a ~{4+}\r\na\x00b\x01)\r\n"
1< i OK *
1> j GETMETADATA INBOX /private/a
1< * METADATA "INBOX" (/private/a ~{4}*)
1< j OK *
1> k GETMETADATA INBOX ()
1< k BAD *
