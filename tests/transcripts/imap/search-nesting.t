# Bad input: a search nested too deep is refused, at the edge, and the session goes on
@mail anna INBOX 1
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a SEARCH ((((((((((((((((((((((((((((((((SEEN))))))))))))))))))))))))))))))))
1< * SEARCH
1< a OK *
1> b SEARCH (((((((((((((((((((((((((((((((((SEEN)))))))))))))))))))))))))))))))))
1< b BAD *
1> c SEARCH NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT SEEN
1< c BAD *
1> d SEARCH NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT SEEN
1< * SEARCH
1< d OK *
