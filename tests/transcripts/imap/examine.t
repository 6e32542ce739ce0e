# RFC 9051 §6.3.3: read-only: nothing changes, \Seen neither, \Recent stays for others
@mail anna INBOX 1
@login 1 anna
1> a EXAMINE INBOX
1< * OK [PERMANENTFLAGS ()] *
1< * 1 RECENT
1< a OK [READ-ONLY] *
1> b FETCH 1 BODY[TEXT]
1< * 1 FETCH (BODY[TEXT] {*This is message 1.*)
1! * * FETCH *FLAGS*
1< b OK *
1> c STORE 1 +FLAGS (\Deleted)
1< c NO [READ-ONLY] *
1> d EXPUNGE
1< d NO [READ-ONLY] *
1> e MOVE 1 Trash
1< e NO [READ-ONLY] *
1> f SELECT INBOX
1< * 1 RECENT
1< f OK [READ-WRITE] *
1> g FETCH 1 FLAGS
1< * 1 FETCH (FLAGS (\Recent))
1< g OK *
