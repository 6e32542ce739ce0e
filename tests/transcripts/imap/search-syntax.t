# RFC 9051 §9 search-key: what breaks the grammar is BAD
@mail anna INBOX 1
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a SEARCH
1! * SEARCH*
1< a BAD *
1> b SEARCH ()
1! * SEARCH*
1< b BAD *
1> c SEARCH (SEEN
1! * SEARCH*
1< c BAD *
1> d SEARCH SEEN)
1! * SEARCH*
1< d BAD *
1> e SEARCH OR SEEN
1! * SEARCH*
1< e BAD *
1> f SEARCH NOT
1! * SEARCH*
1< f BAD *
1> g SEARCH SUBJECT
1! * SEARCH*
1< g BAD *
1> h SEARCH HEADER Subject
1! * SEARCH*
1< h BAD *
1> i SEARCH BEFORE 31-Feb-2026
1! * SEARCH*
1< i BAD *
1> j SEARCH ON yesterday
1! * SEARCH*
1< j BAD *
1> k SEARCH SINCE 1-1-2026
1! * SEARCH*
1< k BAD *
1> k1 NOOP
1< k1 OK *
1> l SEARCH LARGER x
1! * SEARCH*
1< l BAD *
1> m SEARCH 0
1! * SEARCH*
1< m BAD *
1> n SEARCH 1:
1! * SEARCH*
1< n BAD *
1> o SEARCH UID
1! * SEARCH*
1< o BAD *
1> p SEARCH KEYWORD \Seen
1! * SEARCH*
1< p BAD *
1> q SEARCH RETURN (FOO) ALL
1! * SEARCH*
1< q BAD *
1> r SEARCH RETURN (MIN
1! * SEARCH*
1< r BAD *
1> s SEARCH RETURN (MIN)
1! * SEARCH*
1< s BAD *
1> t SEARCH CHARSET UTF-8
1! * SEARCH*
1< t BAD *
1> u SEARCH FOO
1! * SEARCH*
1< u BAD *
1> z SEARCH ALL
1< * SEARCH 1
1< z OK *
