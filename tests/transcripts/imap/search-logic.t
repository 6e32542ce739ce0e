# RFC 9051 §6.4.4: keys side by side are AND; OR takes two; NOT one; parentheses group
@mail anna INBOX 4
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> b SEARCH OR 1 OR 2 3
1< * SEARCH 1 2 3
1< b OK *
1> c SEARCH NOT 2 NOT 3
1< * SEARCH 1 4
1< c OK *
1> d SEARCH NOT (2 NOT 3)
1< * SEARCH 1 3 4
1< d OK *
1> e SEARCH NOT NOT 2
1< * SEARCH 2
1< e OK *
1> f SEARCH OR (1:2 NOT 2) (4)
1< * SEARCH 1 4
1< f OK *
1> g SEARCH (1:3) (2:4)
1< * SEARCH 2 3
1< g OK *
1> h SEARCH (OR NOT 1 2 NOT 4)
1< * SEARCH 2 3
1< h OK *
