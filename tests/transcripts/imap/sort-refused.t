# RFC 5256 SORT: what is malformed, and a charset nobody knows
@mail anna INBOX 1
@login 1 anna
1> a SORT (DATE) UTF-8 ALL
1< a BAD *
1> b SELECT INBOX
1< b OK *
1> c SORT () UTF-8 ALL
1< c BAD *
1> d SORT (COLOUR) UTF-8 ALL
1< d BAD *
1> e SORT (DATE) UTF-8
1< e BAD *
1> f SORT (DATE) ALL
1< f BAD *
1> g SORT (DATE) X-KLINGON ALL
1< g NO [BADCHARSET (* UTF-8 *)] *
1> h SORT DATE UTF-8 ALL
1< h BAD *
1> i SORT (REVERSE) UTF-8 ALL
1< i BAD *
1> j THREAD JWZ UTF-8 ALL
1< j BAD *
1> k THREAD REFERENCES UTF-8
1< k BAD *
1> l SORT RETURN (ALL PARTIAL 1:2) (DATE) UTF-8 ALL
1< l BAD *
