# RFC 9051 §9 store: what breaks the grammar is BAD, and nothing is stored
@mail anna INBOX 1
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a STORE
1! * * FETCH*
1< a BAD *
1> b STORE 1
1! * * FETCH*
1< b BAD *
1> c STORE 1 FLAGS
1! * * FETCH*
1< c BAD *
1> d STORE 1 +FLAGS
1! * * FETCH*
1< d BAD *
1> e STORE 1 FLAG (\Seen)
1! * * FETCH*
1< e BAD *
1> f STORE 1 FLAGS (\Seen
1! * * FETCH*
1< f BAD *
1> g STORE 1 FLAGS (\*)
1! * * FETCH*
1< g BAD *
1> h STORE 1 FLAGS (\Unheard)
1! * * FETCH*
1< h BAD *
1> i STORE 1 FLAGS (a(b)
1! * * FETCH*
1< i BAD *
1> j STORE 1 FLAGS.LOUD (\Seen)
1! * * FETCH*
1< j BAD *
1> k STORE 1 (FOO 1) FLAGS (\Seen)
1! * * FETCH*
1< k BAD *
1> z FETCH 1 FLAGS
1! * * FETCH *Seen*
1< * 1 FETCH (*)
1< z OK *
