# RFC 7162 §3.2: a SETMETADATA that changes an annotation of a mailbox raises its mod-sequence; no other does
@mail anna INBOX 1
@login 1 anna
1> a STATUS INBOX (HIGHESTMODSEQ)
1< * STATUS "INBOX" (HIGHESTMODSEQ $before)
1< a OK *
1> b SETMETADATA "" (/private/comment "x")
1< b OK *
1> c SETMETADATA INBOX (/private/comment NIL)
1< c OK *
1> d STATUS INBOX (HIGHESTMODSEQ)
1< * STATUS "INBOX" (HIGHESTMODSEQ $before)
1< d OK *
1> e SETMETADATA INBOX (/private/comment "x")
1< e OK *
1> f STATUS INBOX (HIGHESTMODSEQ)
1! * STATUS "INBOX" (HIGHESTMODSEQ $before)
1< * STATUS "INBOX" (HIGHESTMODSEQ $after)
1< f OK *
# Nothing else is said of it, and what comes later comes after it
1> g SELECT INBOX
1< * OK [HIGHESTMODSEQ $after] *
1< g OK *
1> h FETCH 1 (FLAGS) (CHANGEDSINCE $before)
1! * 1 FETCH *
1< h OK *
1> i SETMETADATA INBOX (/private/comment NIL)
1< i OK *
1> j STORE 1 +FLAGS (\Seen)
1< * 1 FETCH (UID 1 FLAGS (\Seen \Recent) MODSEQ (*))
1< j OK *
1> k FETCH 1 (FLAGS) (CHANGEDSINCE $after)
1< * 1 FETCH (FLAGS (\Seen \Recent) MODSEQ (*))
1< k OK *
