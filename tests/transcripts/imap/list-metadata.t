# RFC 9590: METADATA behind each LIST, NIL where there is none
@login 1 anna
1> a SETMETADATA INBOX (/private/comment "x")
1< a OK *
1> b LIST "" (INBOX Drafts) RETURN (METADATA (/private/comment "/shared/comment"))
1< * LIST * "INBOX"
1< * METADATA "INBOX" (/private/comment "x" /shared/comment NIL)
1< * LIST * "Drafts"
1< * METADATA "Drafts" (/private/comment NIL /shared/comment NIL)
1< b OK *
1> c LIST "" INBOX RETURN (METADATA /private/comment STATUS (MESSAGES))
1< * METADATA "INBOX" (/private/comment "x")
1< * STATUS "INBOX" (MESSAGES 0)
1< c OK *
1> d LIST "" INBOX RETURN (METADATA)
1< d BAD *
1> e LIST "" INBOX RETURN (METADATA ())
1< e BAD *
1> f ENABLE IMAP4rev2
1< f OK *
1> g LIST "" INBOX RETURN (METADATA (/private/comment))
1< * METADATA "INBOX" (/private/comment "x")
1< g OK *
# Not of what is told for its children's sake, nor of what is not there
1> h CREATE Obst/Apfel
1< h OK *
1> i SUBSCRIBE Obst/Apfel
1< i OK *
1> j SUBSCRIBE Fort
1< j OK *
1> k LIST (SUBSCRIBED RECURSIVEMATCH) "" ("Obs%" Fort) RETURN (METADATA (/private/comment))
1! * METADATA *
1< * LIST (\HasChildren) "/" "Obst" ("CHILDINFO" ("SUBSCRIBED"))
1< * LIST (\NonExistent * "Fort"
1< k OK *
