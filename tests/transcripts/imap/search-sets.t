# RFC 9051 §9 sequence-set: any order, overlaps, *; UID 99:* is the last message
@mail anna INBOX 5
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> b SEARCH 4,2:3,3
1< * SEARCH 2 3 4
1< b OK *
1> c SEARCH *:4
1< * SEARCH 4 5
1< c OK *
1> d SEARCH *
1< * SEARCH 5
1< d OK *
1> e SEARCH UID 99:*
1< * SEARCH 5
1< e OK *
1> f SEARCH UID 2:3 1:2
1< * SEARCH 2
1< f OK *
1> g UID SEARCH 1:2 UID 2:5
1< * SEARCH 2
1< g OK *
