# RFC 5258 §3: several patterns, RECURSIVEMATCH with CHILDINFO, RETURN (CHILDREN SUBSCRIBED)
@login 1 anna
1> a CREATE A/B
1< a OK *
1> b SUBSCRIBE A/B
1< b OK *
1> c LIST (SUBSCRIBED RECURSIVEMATCH) "" ("A" "nothing")
1< * LIST (\HasChildren) "/" "A" ("CHILDINFO" ("SUBSCRIBED"))
1< c OK *
1> d LIST "" ("A*" "INBOX") RETURN (CHILDREN SUBSCRIBED)
1< * LIST (\HasChildren) "/" "A"
1< * LIST (\HasNoChildren \Subscribed) "/" "A/B"
1< * LIST (\HasNoChildren \Subscribed) "/" "INBOX"
1< d OK *
1> e LIST (RECURSIVEMATCH) "" "*"
1< e BAD *
