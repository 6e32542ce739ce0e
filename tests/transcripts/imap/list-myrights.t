# RFC 8440: MYRIGHTS behind each LIST, not for what is not there
@login 1 anna
1> a SUBSCRIBE Fort
1< a OK *
1> b LIST "" (INBOX Drafts) RETURN (MYRIGHTS)
1< * LIST * "INBOX"
1< * MYRIGHTS "INBOX" lrswipkxtecda
1< * LIST * "Drafts"
1< * MYRIGHTS "Drafts" lrswipkxtecda
1< b OK *
1> c LIST (SUBSCRIBED) "" Fort RETURN (MYRIGHTS)
1< * LIST (\NonExistent * "Fort"
1! * MYRIGHTS *
1< c OK *
# §4: not of what is told for its children's sake
1> d CREATE Obst/Apfel
1< d OK *
1> e SUBSCRIBE Obst/Apfel
1< e OK *
1> f LIST (SUBSCRIBED RECURSIVEMATCH) "" "Obs%" RETURN (MYRIGHTS)
1! * MYRIGHTS *
1< * LIST (\HasChildren) "/" "Obst" ("CHILDINFO" ("SUBSCRIBED"))
1< f OK *
