# RFC 5464: notes on mailboxes and on the account; names in any case; NIL removes
@login 1 anna
@login 2 anna
@login 3 bert
1> a SETMETADATA INBOX (/private/comment "Meine Notiz" /shared/vendor/x/color "#0f0")
1< a OK *
2> a GETMETADATA INBOX /PRIVATE/Comment
2< * METADATA "INBOX" (/private/comment "Meine Notiz")
2< a OK *
1> b GETMETADATA "INBOX" (/shared/vendor/x/color /private/comment /private/none)
1< * METADATA "INBOX" (/private/comment "Meine Notiz" /shared/vendor/x/color "#0f0" /private/none NIL)
1< b OK *
3> a GETMETADATA INBOX /private/comment
3< * METADATA "INBOX" (/private/comment NIL)
3< a OK *
1> c SETMETADATA INBOX (/private/comment {lit+}
<<<
Zwei
Zeilen
>>>)
1< c OK *
1> d GETMETADATA INBOX /private/comment
1< * METADATA "INBOX" (/private/comment {14}*Zwei*Zeilen*)
1< d OK *
1> e SETMETADATA INBOX (/private/comment NIL)
1< e OK *
1> f GETMETADATA INBOX /private/comment
1< * METADATA "INBOX" (/private/comment NIL)
1< f OK *
# The account's own, and the server's, which are the operator's
1> g SETMETADATA "" (/private/vendor/x/y "z")
1< g OK *
1> h GETMETADATA "" (/private/vendor/x/y /shared/comment)
1< * METADATA "" (/private/vendor/x/y "z" /shared/comment NIL)
1< h OK *
1> i SETMETADATA "" (/shared/comment "x")
1< i NO [NOPERM] *
3> b GETMETADATA "" /private/vendor/x/y
3< * METADATA "" (/private/vendor/x/y NIL)
3< b OK *
# It goes along with RENAME, and goes with DELETE
1> j CREATE Akten
1< j OK *
1> k SETMETADATA Akten (/private/comment "bleibt")
1< k OK *
1> l RENAME Akten Ablage
1< l OK *
1> m GETMETADATA Ablage /private/comment
1< * METADATA "Ablage" (/private/comment "bleibt")
1< m OK *
1> n DELETE Ablage
1< n OK *
1> o CREATE Ablage
1< o OK *
1> p GETMETADATA Ablage /private/comment
1< * METADATA "Ablage" (/private/comment NIL)
1< p OK *
# RENAME of INBOX copies
1> q RENAME INBOX Alt
1< q OK *
1> r GETMETADATA INBOX /shared/vendor/x/color
1< * METADATA "INBOX" (/shared/vendor/x/color "#0f0")
1< r OK *
1> s GETMETADATA Alt /shared/vendor/x/color
1< * METADATA "Alt" (/shared/vendor/x/color "#0f0")
1< s OK *
# §3.1: the server may be named by an empty literal too
1> <raw> "t GETMETADATA {0+}\r\n /private/vendor/x/y\r\n"
1< * METADATA "" (/private/vendor/x/y "z")
1< t OK *
# §4.1: a name that holds no messages may have notes
1> u CREATE Ober/Unter
1< u OK *
1> v DELETE Ober
1< v OK *
1> w SETMETADATA Ober (/private/comment "x")
1< w OK *
1> x GETMETADATA Ober /private/comment
1< * METADATA "Ober" (/private/comment "x")
1< x OK *
