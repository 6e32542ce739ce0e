# RFC 9394 §3.3: UID FETCH of some of the messages named, the rest of the modifiers after that
@mail anna INBOX 9
@login 1 anna
1> z ENABLE IMAP4rev2
1< z OK *
1> a SELECT INBOX
1< a OK *
1> b UID FETCH 2:8 (UID) (PARTIAL -1:-2)
1< * 7 FETCH (UID 7)
1< * 8 FETCH (UID 8)
1! * 6 FETCH *
1! * 9 FETCH *
1< b OK *
1> c UID FETCH 1:2,5:6,8 (UID) (PARTIAL 2:4)
1< * 2 FETCH (UID 2)
1< * 5 FETCH (UID 5)
1< * 6 FETCH (UID 6)
1! * 1 FETCH *
1! * 8 FETCH *
1< c OK *
1> d UID FETCH 1:* (UID) (PARTIAL 10:20)
1! * * FETCH *
1< d OK *
1> e UID STORE 2,9 +FLAGS.SILENT (\Seen)
1< e OK *
1> f UID FETCH 1:* (FLAGS MODSEQ) (PARTIAL 9:9)
1< * 9 FETCH (UID 9 FLAGS (\Seen) MODSEQ ($nine))
1< f OK *
1> g UID FETCH 1:* (FLAGS) (PARTIAL -1:-3 CHANGEDSINCE 1)
1< * 9 FETCH (UID 9 FLAGS (\Seen) MODSEQ ($nine))
1! * 2 FETCH *
1< g OK *
1> h FETCH 1:9 (UID) (PARTIAL 1:2)
1< h BAD *
1> i UID FETCH 1:9 (UID) (PARTIAL 1)
1< i BAD *
