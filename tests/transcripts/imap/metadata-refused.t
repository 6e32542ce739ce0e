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
# §3.2: names with two slashes, a percent sign, a control or 8-bit character; of vendors at least four levels
1> l SETMETADATA INBOX (/private//a "x")
1< l BAD *
1> m GETMETADATA INBOX "/private/a%"
1< m BAD *
1> <raw> "n GETMETADATA INBOX \"/private/\x07\"\r\n"
1< n BAD *
1> <raw> "o SETMETADATA INBOX ({11+}\r\n/private/\xc3\xa4 \"x\")\r\n"
1< o BAD *
1> p SETMETADATA INBOX (/private "x")
1< p BAD *
1> q SETMETADATA INBOX (/private/a "neu" /shared/vendor/x "y")
1< q BAD *
1> r GETMETADATA (DEPTH infinity) INBOX /shared/vendor/x
1< r OK *
1> s GETMETADATA INBOX /private/a
1< * METADATA "INBOX" (/private/a ~{4}*)
1< s OK *
# §4.2, §4.3: not before sign-in
@connect 2 imap-tls
2< * OK *
2> a GETMETADATA "" /shared/comment
2< a BAD *
2> b SETMETADATA INBOX (/private/a "x")
2< b BAD *
# What is not there may be taken away all the same
1> s1 SETMETADATA INBOX (/private/vendor/x NIL)
1< s1 OK *
