# RFC 9051 §6.3.9: a deep tree: each % is one level, * is all; parents are made and have children; the reference
# goes before the pattern
@login 1 anna
@login 2 anna
1> a CREATE A/B/C/D/E/F/G/H
1< a OK *
1> b CREATE A/B/X/
1< b OK *
2> a LIST "" "A/%"
2! * LIST * "A/B/*"
2< * LIST (\HasChildren) "/" "A/B"
2< a OK *
2> b LIST "" "A/%/%"
2! * LIST * "A/B"
2! * LIST * "A/B/C/D"
2< * LIST (\HasChildren) "/" "A/B/C"
2< * LIST (\HasNoChildren) "/" "A/B/X"
2< b OK *
2> c LIST "A/B/" "*"
2< * LIST (\HasChildren) "/" "A/B/C"
2< * LIST (\HasChildren) "/" "A/B/C/D/E/F/G"
2< * LIST (\HasNoChildren) "/" "A/B/C/D/E/F/G/H"
2< c OK *
2> d LIST "" "A*G/%"
2! * LIST * "A/B/C/D/E/F/G"
2< * LIST (\HasNoChildren) "/" "A/B/C/D/E/F/G/H"
2< d OK *
2> e LIST "" "A%"
2! * LIST * "A/*"
2< * LIST (\HasChildren) "/" "A"
2< e OK *
2> f LIST "" "%/%3"
2! * LIST *
2< f OK *
2> g LIST "" NIL
2! * LIST *
2< g OK *
# What is deleted in the middle stays for its children
1> c DELETE A/B/C
1< c OK *
2> h LIST "" "A/B/%"
2< * LIST (\Noselect \HasChildren) "/" "A/B/C"
2< h OK *
1> d SELECT A/B/C
1< d NO [NONEXISTENT] *
1> e DELETE A/B/C
1< e NO [HASCHILDREN] *
1> f CREATE A/B/C
1< f OK *
1> g SELECT A/B/C
1< g OK *
