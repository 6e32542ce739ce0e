# RFC 5182 §2.1: a search with SAVE that is answered NO leaves nothing saved; without SAVE it changes nothing
@mail anna INBOX 3
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a SEARCH RETURN (SAVE) 2:3
1< a OK *
1> b SEARCH CHARSET X-NONE SUBJECT x
1< b NO [BADCHARSET *
1> c SEARCH $
1< * SEARCH 2 3
1< c OK *
1> d SEARCH RETURN (SAVE) CHARSET X-NONE SUBJECT x
1< d NO [BADCHARSET *
1> e SEARCH $
1< * SEARCH
1< e OK *
1> f SEARCH RETURN (SAVE) 2:3
1< f OK *
1> g UID SORT RETURN (SAVE) (ARRIVAL) X-NONE ALL
1< g NO [BADCHARSET *
1> h FETCH $ (UID)
1! * * FETCH *
1< h OK *
1> i UID SEARCH RETURN (SAVE COUNT) UID 1,3
1< * ESEARCH (TAG "i") UID COUNT 2
1< i OK *
1> j ESEARCH RETURN (SAVE) CHARSET X-NONE SUBJECT x
1< j NO [BADCHARSET *
1> k STORE $ +FLAGS (\Deleted)
1! * * FETCH *
1< k OK *
# One that is BAD changes nothing
1> l SEARCH RETURN (SAVE) 1
1< l OK *
1> m SEARCH RETURN (SAVE) CHARSET UTF-8 SUBJECT
1< m BAD *
1> n SEARCH $
1< * SEARCH 1
1< n OK *
