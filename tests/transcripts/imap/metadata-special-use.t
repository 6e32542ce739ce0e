# RFC 6154 §4: /private/specialuse says the mailbox's use, and is given with CREATE alone
@login 1 anna
1> a GETMETADATA Drafts /private/specialuse
1< * METADATA "Drafts" (/private/specialuse "\\Drafts")
1< a OK *
1> b GETMETADATA (DEPTH infinity) Sent /private/specialuse
1< * METADATA "Sent" (/private/specialuse "\\Sent")
1< b OK *
1> c GETMETADATA INBOX (/private/specialuse /private/comment)
1< * METADATA "INBOX" (/private/specialuse NIL /private/comment NIL)
1< c OK *
1> d LIST "" (Drafts INBOX) RETURN (METADATA (/private/specialuse))
1< * METADATA "Drafts" (/private/specialuse "\\Drafts")
1< * METADATA "INBOX" (/private/specialuse NIL)
1< d OK *
1> e SETMETADATA INBOX (/private/comment "x" /private/specialuse "\\Drafts")
1< e NO [CANNOT] *
1> f SETMETADATA Drafts (/private/specialuse NIL)
1< f NO [CANNOT] *
1> g GETMETADATA (MAXSIZE 3) Drafts /private/specialuse
1! * METADATA *
1< g OK [METADATA LONGENTRIES 7] *
1> h GETMETADATA INBOX /private/comment
1< * METADATA "INBOX" (/private/comment NIL)
1< h OK *
1> i LIST (SPECIAL-USE) "" Drafts
1< * LIST (\HasNoChildren \Drafts) "/" "Drafts"
1< i OK *
# The server itself has no use
1> j SETMETADATA "" (/private/specialuse "x")
1< j OK *
