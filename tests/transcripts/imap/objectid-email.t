# RFC 8474 §5, §6: EMAILID is the content's, through COPY and MOVE
@mail anna INBOX 3
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b FETCH 1:2 (EMAILID)
1< * 1 FETCH (EMAILID ($one))
1< * 2 FETCH (EMAILID ($two))
1< b OK *
1> c COPY 1 Archive
1< c OK *
1> d MOVE 2 Archive
1< d OK *
1> e SEARCH EMAILID $one
1< * SEARCH 1
1< e OK *
1> f SEARCH OR EMAILID $one EMAILID $two
1< * SEARCH 1
1< f OK *
1> h SEARCH EMAILID Mno-such_id
1< * SEARCH
1< h OK *
1> i SEARCH EMAILID ($one)
1< i BAD *
1> j SEARCH EMAILID a.b
1< j BAD *
1> k EXAMINE Archive
1< k OK *
1> l UID FETCH 1:2 (EMAILID)
1< * 1 FETCH (UID 1 EMAILID ($one))
1< * 2 FETCH (UID 2 EMAILID ($two))
1< l OK *
# §5.2: the same id never means a message and a conversation
1> m FETCH 1 (EMAILID THREADID)
1< * 1 FETCH (EMAILID (M*) THREADID (T*))
1< m OK *
# §5.1: through RENAME too
1> n RENAME Archive Ablage
1< n OK *
1> o SELECT Ablage
1< o OK *
1> p FETCH 1 EMAILID
1< * 1 FETCH (EMAILID ($one))
1< p OK *
