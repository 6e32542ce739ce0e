# RFC 9051 §6.3.13: what another session does is pushed at once
@mail anna INBOX 1
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
1> b IDLE
1< + *
2> a APPEND INBOX {lit+}
<<<
Subject: neu

x
>>>
2< a OK *
1< * 2 EXISTS
1< * 2 RECENT
2> b SELECT INBOX
2< b OK *
2> c STORE 1 +FLAGS (\Flagged)
2< c OK *
1< * 1 FETCH (FLAGS (\Flagged \Recent))
2> d STORE 1 +FLAGS.SILENT (\Deleted)
2< d OK *
2> e EXPUNGE
2< e OK *
1< * 1 EXPUNGE
1> DONE
1< b OK *
