# RFC 5182 §2.1: nothing found is saved as nothing; so is nothing searched yet, and a new SELECT
@mail anna INBOX 2
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a SEARCH $
1< * SEARCH
1< a OK *
1> b SEARCH RETURN (SAVE) ALL
1< b OK *
1> c SEARCH RETURN (SAVE) DELETED
1< c OK *
1> d SEARCH $
1< * SEARCH
1< d OK *
1> e FETCH $ (UID)
1! * * FETCH*
1< e OK *
1> f SEARCH RETURN (SAVE) ALL
1< f OK *
1> g SELECT INBOX
1< g OK *
1> h SEARCH $
1< * SEARCH
1< h OK *
