# RFC 9051 §6.3.9.6, §6.3.9.8: CHILDINFO also of a name that is subscribed itself; of one that is told for its children's
# sake no STATUS
@login 1 anna
1> a CREATE Obst/Apfel
1< a OK *
1> b SUBSCRIBE Obst
1< b OK *
1> c SUBSCRIBE Obst/Apfel
1< c OK *
1> d LIST (SUBSCRIBED RECURSIVEMATCH) "" "Obst*"
1< * LIST (\HasChildren \Subscribed) "/" "Obst" ("CHILDINFO" ("SUBSCRIBED"))
1< * LIST (\HasNoChildren \Subscribed) "/" "Obst/Apfel"
1< d OK *
1> e LIST (SUBSCRIBED) "" "Obst*"
1< * LIST (\HasChildren \Subscribed) "/" "Obst"
1< * LIST (\HasNoChildren \Subscribed) "/" "Obst/Apfel"
1< e OK *
1> f LIST (SUBSCRIBED RECURSIVEMATCH) "" "Obs%" RETURN (STATUS (MESSAGES))
1< * LIST (\HasChildren \Subscribed) "/" "Obst" ("CHILDINFO" ("SUBSCRIBED"))
1< * STATUS "Obst" (MESSAGES 0)
1< f OK *
1> g UNSUBSCRIBE Obst
1< g OK *
1> h LIST (SUBSCRIBED RECURSIVEMATCH) "" "Obs%" RETURN (STATUS (MESSAGES))
1< * LIST (\HasChildren) "/" "Obst" ("CHILDINFO" ("SUBSCRIBED"))
1! * STATUS *
1< h OK *
# Redundant: the child is told itself
1> i LIST (RECURSIVEMATCH SUBSCRIBED) "" "Obst*"
1! * LIST * "Obst" *
1< * LIST (\HasNoChildren \Subscribed) "/" "Obst/Apfel"
1< i OK *
# A subscribed name of which nothing is there, below one that is there
1> j DELETE Obst/Apfel
1< j OK *
1> k LIST (SUBSCRIBED RECURSIVEMATCH) "" "Obst" RETURN (CHILDREN)
1< * LIST (\HasNoChildren) "/" "Obst" ("CHILDINFO" ("SUBSCRIBED"))
1< k OK *
# What is selected by may be something else, or two things, of which all must be true of what is below
1> l CREATE Ablage/Alt/Entwurf
1< l OK *
1> m DELETE Junk
1< m OK *
1> n CREATE Ablage/Alt/Spam (USE (\Junk))
1< n OK *
1> o LIST (SPECIAL-USE RECURSIVEMATCH) "" "Ablage%"
1< * LIST (\HasChildren) "/" "Ablage" ("CHILDINFO" ("SPECIAL-USE"))
1! * LIST * "Ablage/Alt"*
1< o OK *
1> p LIST (RECURSIVEMATCH SPECIAL-USE SUBSCRIBED) "" "Ablage%"
1! * LIST *
1< p OK *
1> q SUBSCRIBE Ablage/Alt/Spam
1< q OK *
1> r LIST (RECURSIVEMATCH SPECIAL-USE SUBSCRIBED) "" "Ablage%"
1< * LIST (\HasChildren) "/" "Ablage" ("CHILDINFO" ("SUBSCRIBED" "SPECIAL-USE"))
1< r OK *
# Neither the name nor what is subscribed below it is there
1> s SUBSCRIBE Nichts/Da
1< s OK *
1> t LIST (SUBSCRIBED RECURSIVEMATCH) "" "Nicht%"
1< * LIST (\NonExistent * "/" "Nichts" ("CHILDINFO" ("SUBSCRIBED"))
1< t OK *
1> u LIST (SUBSCRIBED) "" "Nicht%"
1! * LIST *
1< u OK *
