# RFC 9051 §6.4.6: what somebody else did to the flags before is told even with .SILENT
@mail anna INBOX 2
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1:2 +FLAGS (\Flagged)
2< b OK *
# the first client has said nothing since, and was told nothing
1> c STORE 1 +FLAGS.SILENT (\Seen)
1< * 1 FETCH (FLAGS (\Flagged \Seen \Recent))
1< * 2 FETCH (FLAGS (\Flagged \Recent))
1< c OK *
1> d STORE 1 +FLAGS.SILENT (\Answered)
1! * * FETCH *
1< d OK *
