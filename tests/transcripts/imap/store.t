# RFC 9051 §6.4.6: FLAGS, +FLAGS, -FLAGS, .SILENT; the new value comes back unless silent
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b STORE 1:2 +FLAGS (\Flagged)
1< * 1 FETCH (FLAGS (\Flagged \Recent))
1< * 2 FETCH (FLAGS (\Flagged \Recent))
1< b OK *
1> c STORE 1 FLAGS (\Answered \Seen)
1< * 1 FETCH (FLAGS (\Answered \Seen \Recent))
1< c OK *
1> d STORE 1 -FLAGS.SILENT \Seen
1! * 1 FETCH *
1< d OK *
1> e UID STORE 2 -FLAGS (\Flagged)
1< * 2 FETCH (UID 2 FLAGS (\Recent))
1< e OK *
1> f STORE 1 +FLAGS (\Answered)
1< * 1 FETCH (FLAGS (\Answered \Recent))
1< f OK *
1> g NOOP
1! * * FETCH *
1< g OK *
1> h FETCH 1:2 FLAGS
1< * 1 FETCH (FLAGS (\Answered \Recent))
1< * 2 FETCH (FLAGS (\Recent))
1< h OK *
