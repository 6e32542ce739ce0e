# RFC 5464 §4.2.1, §4.2.2: MAXSIZE and DEPTH, before or behind the mailbox
@login 1 anna
1> a SETMETADATA INBOX (/private/f "0" /private/f/a "11" /private/f/a/b "222" /private/fx "3333")
1< a OK *
1> b GETMETADATA (DEPTH 1) INBOX (/private/f)
1< * METADATA "INBOX" (/private/f "0" /private/f/a "11")
1< b OK *
1> c GETMETADATA INBOX (DEPTH infinity) (/private/f)
1< * METADATA "INBOX" (/private/f "0" /private/f/a "11" /private/f/a/b "222")
1< c OK *
1> c2 GETMETADATA (DEPTH infinity) INBOX (/private /shared)
1< * METADATA "INBOX" (/private/f "0" /private/f/a "11" /private/f/a/b "222" /private/fx "3333")
1< c2 OK *
1> c3 SETMETADATA INBOX (/private "x")
1< c3 BAD *
1> c4 GETMETADATA (DEPTH infinity) INBOX /privatex
1< c4 BAD *
1> d GETMETADATA (DEPTH infinity MAXSIZE 2) INBOX /private/f
1< * METADATA "INBOX" (/private/f "0" /private/f/a "11")
1< d OK [METADATA LONGENTRIES 3] *
1> e GETMETADATA (MAXSIZE 4) INBOX (/private/fx /private/f)
1< * METADATA "INBOX" (/private/f "0" /private/fx "3333")
1< e OK GETMETADATA done
1> f GETMETADATA (DEPTH 2) INBOX /private/f
1< f BAD *
1> g GETMETADATA INBOX (DEPTH 1)
1< g BAD *
