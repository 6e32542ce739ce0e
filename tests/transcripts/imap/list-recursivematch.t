# RFC 5258 §3.5: CHILDINFO is said of a name above what is subscribed, unless that is told itself
@login 1 anna
1> a CREATE A/B
1< a OK *
1> b CREATE A/C
1< b OK *
1> c SUBSCRIBE A/B
1< c OK *
1> d LIST (SUBSCRIBED RECURSIVEMATCH) "" "A%"
1< * LIST (\HasChildren) "/" "A" ("CHILDINFO" ("SUBSCRIBED"))
1! * LIST * "A/B"*
1< d OK *
1> e LIST (SUBSCRIBED RECURSIVEMATCH) "" (A A/B)
1! * LIST * "A" *
1< * LIST (\HasNoChildren \Subscribed) "/" "A/B"
1< e OK *
1> f LIST (SUBSCRIBED RECURSIVEMATCH) "" "A*"
1! * LIST * "A" *
1< * LIST (\HasNoChildren \Subscribed) "/" "A/B"
1< f OK *
# Another one that is not told itself
1> g SUBSCRIBE A/C
1< g OK *
1> h LIST (SUBSCRIBED RECURSIVEMATCH) "" (A A/B)
1< * LIST (\HasChildren) "/" "A" ("CHILDINFO" ("SUBSCRIBED"))
1< * LIST (\HasNoChildren \Subscribed) "/" "A/B"
1< h OK *
# A name that is gone
1> i DELETE A/C
1< i OK *
1> j LIST (SUBSCRIBED) "" A/%
1< * LIST (\NonExistent * \Subscribed) "/" "A/C"
1< j OK *
1> k LIST (RECURSIVEMATCH) "" *
1< k BAD *
1> l LIST (RECURSIVEMATCH REMOTE) "" *
1< l BAD *
