# RFC 9051 §9 list, status: options nobody knows are BAD
@login 1 anna
1> a LIST
1< a BAD *
1> b LIST ""
1< b BAD *
1> c LIST "" ()
1< c BAD *
1> d LIST (RECURSIVEMATCH) "" *
1< d BAD *
1> e LIST (RECURSIVEMATCH REMOTE) "" *
1< e BAD *
1> f LIST (FOO) "" *
1< f BAD *
1> g LIST "" * RETURN (FOO)
1< g BAD *
1> h LIST "" * FOO
1< h BAD *
1> i LIST "" * RETURN (STATUS ())
1< i BAD *
1> j STATUS INBOX
1< j BAD *
1> k STATUS INBOX ()
1< k BAD *
1> l STATUS INBOX (FOO)
1< l BAD *
1> m STATUS INBOX MESSAGES
1< m BAD *
1> n LSUB ""
1< n BAD *
1> o CREATE x (FOO)
1< o BAD *
1> p SELECT INBOX (FOO)
1< p BAD *
1> q RENAME a
1< q BAD *
1> y CREATE x (USE (\Foo))
1< y NO [USEATTR] *
1> z NOOP
1< z OK *
