# RFC 6154 §3: CREATE with USE; each use once
@login 1 anna
1> a DELETE Archive
1< a OK *
1> b CREATE Ablage (USE (\Archive))
1< b OK *
1> c LIST (SPECIAL-USE) "" "*"
1< * LIST (\HasNoChildren \Archive) "/" "Ablage"
1! * LIST * "Archive"
1! * LIST * "INBOX"
1< c OK *
1> d CREATE Zwei (USE (\Sent))
1< d NO [USEATTR] *
1> e CREATE Drei (USE (\Sonstwas))
1< e NO [USEATTR] *
1> f LIST "" "Zwei"
1! * LIST *
1< f OK *
# No use at all is none; several at once are one too many; what is refused is not made
1> g CREATE Vier (USE ())
1< g OK *
1> h CREATE "F&APw-nf" (USE (\Drafts \Sent))
1< h NO [USEATTR] *
1> i LIST "" ("F*" Drei) RETURN (SPECIAL-USE)
1! * LIST *
1< i OK *
1> j LIST "" "%" RETURN (SPECIAL-USE)
1< * LIST (* \Sent) "/" "Sent"
1< * LIST (\HasNoChildren) "/" "Vier"
1< j OK *
