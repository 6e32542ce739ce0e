# RFC 9051 §9 fetch: what breaks the grammar is BAD
@mail anna INBOX 1
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a FETCH
1! * * FETCH*
1< a BAD *
1> b FETCH 1
1! * * FETCH*
1< b BAD *
1> c FETCH 1 ()
1! * * FETCH*
1< c BAD *
1> d FETCH 1 (FLAGS
1! * * FETCH*
1< d BAD *
1> e FETCH 1 FLAGS UID
1! * * FETCH*
1< e BAD *
1> f FETCH 1,,2 FLAGS
1! * * FETCH*
1< f BAD *
1> g FETCH 1:2:3 FLAGS
1! * * FETCH*
1< g BAD *
1> h FETCH a FLAGS
1! * * FETCH*
1< h BAD *
1> i FETCH 4294967296 FLAGS
1! * * FETCH*
1< i BAD *
1> j FETCH 1 BODY[
1! * * FETCH*
1< j BAD *
1> k FETCH 1 BODY[MIME]
1! * * FETCH*
1< k BAD *
1> l FETCH 1 BODY[0]
1! * * FETCH*
1< l BAD *
1> m FETCH 1 BODY[1.]
1! * * FETCH*
1< m BAD *
1> n FETCH 1 BODY[HEADER.FIELDS]
1! * * FETCH*
1< n BAD *
1> o FETCH 1 BODY[HEADER.FIELDS ()]
1! * * FETCH*
1< o BAD *
1> p FETCH 1 BODY[]<5>
1! * * FETCH*
1< p BAD *
1> q FETCH 1 BODY[]<0.0>
1! * * FETCH*
1< q BAD *
1> r FETCH 1 BODY[]<-1.5>
1! * * FETCH*
1< r BAD *
1> s FETCH 1 (FLAGS) (FOO)
1! * * FETCH*
1< s BAD *
1> sa NOOP
1< sa OK *
# A macro stands alone
1> t FETCH 1 (FAST)
1! * * FETCH*
1< t BAD *
1> u FETCH 1 (UID ALL)
1! * * FETCH*
1< u BAD *
1> v FETCH 1 FAST
1< * 1 FETCH (FLAGS (*) INTERNALDATE * RFC822.SIZE *)
1< v OK *
1> z NOOP
1< z OK *
