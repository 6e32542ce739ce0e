# RFC 9051 §6.3.9: a pattern that is not accepted names nothing, and is no error; empty ones in an extended LIST too
@login 1 anna
1> a LIST "" "&"
1! * LIST *
1< a OK *
1> b LIST "" ("&AGE-" "" Drafts)
1< * LIST (\HasNoChildren \Drafts) "/" "Drafts"
1! * LIST * ""
1! * LIST * "INBOX"
1< b OK *
1> c LIST () "" ""
1! * LIST *
1< c OK *
1> d LIST "" ()
1< d BAD *
1> e LIST "" ("Drafts" "Draft%" "D*")
1< * LIST (\HasNoChildren \Drafts) "/" "Drafts"
1< e OK *
# An option twice is one; an unknown one is BAD
1> f LIST (SUBSCRIBED SUBSCRIBED) "" "INBOX" RETURN (CHILDREN CHILDREN)
1< f OK *
1> g LIST (MARKED) "" "*"
1< g BAD *
1> h LIST "" "*" RETURN (MARKED)
1< h BAD *
1> i ENABLE IMAP4rev2
1< i OK *
1> <raw> "j LIST \"\" {2+}\r\n\xff*\r\n"
1! * LIST *
1< j OK *
# RFC 9051 §9: what is quoted is UTF-8
1> <raw> "k LIST \"\" \"\xff*\"\r\n"
1< k BAD *
