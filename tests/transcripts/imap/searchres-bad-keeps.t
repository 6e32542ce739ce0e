# RFC 5182 §2.1: a search that is BAD leaves what was saved as it is
@mail anna INBOX 2
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a SEARCH RETURN (SAVE) 2
1< a OK *
1> b SEARCH RETURN (SAVE) FOO
1< b BAD *
1> c SEARCH $
1< * SEARCH 2
1< c OK *
