# RFC 5182: SAVE, then $ in FETCH, STORE, COPY and SEARCH; expunged messages drop out
@mail anna INBOX 4
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b SEARCH RETURN (SAVE) 2:3
1! * ESEARCH*
1< b OK *
1> c FETCH $ (UID)
1< * 2 FETCH (UID 2)
1< * 3 FETCH (UID 3)
1! * 1 FETCH *
1< c OK *
1> d STORE $ +FLAGS.SILENT (\Deleted)
1< d OK *
1> e UID EXPUNGE 2
1< * 2 EXPUNGE
1< e OK *
1> f UID FETCH $ (FLAGS)
1< * 2 FETCH (UID 3 FLAGS (\Deleted *))
1! * 1 FETCH *
1< f OK *
1> g SEARCH RETURN (SAVE MIN) ALL
1< * ESEARCH (TAG "g") MIN 1
1< g OK *
1> h FETCH $ (UID)
1< * 1 FETCH (UID 1)
1! * 2 FETCH *
1< h OK *
