# RFC 5465 §5.1 to §5.3, §6.1.1: the selected mailbox, told while no command is in progress; what was
# already waiting comes with NOTIFY itself (§3.1)
@mail anna INBOX 2
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS (\Answered)
2< b OK *
1> b NOTIFY SET (SELECTED (MessageNew (UID BODY.PEEK[HEADER.FIELDS (From Subject)]) MessageExpunge FlagChange))
1< * 1 FETCH (FLAGS (*\Answered*))
1< b OK *
2> c STORE 2 +FLAGS (\Flagged)
2< c OK *
1< * 2 FETCH (UID 2 FLAGS (*\Flagged*))
2> d APPEND INBOX {lit+}
<<<
From: Bert <bert@example.test>
Subject: Neues

x
>>>
2< d OK *
1< * 3 EXISTS
1< * 3 FETCH (UID 3 BODY[HEADER.FIELDS (From Subject)] {*Subject: Neues*)
2> e STORE 1 +FLAGS (\Deleted)
2< e OK *
1< * 1 FETCH (UID 1 FLAGS (*\Deleted*))
2> f EXPUNGE
2< f OK *
1< * 1 EXPUNGE
# Not fetched: what the session appends itself
1> c APPEND INBOX {lit+}
<<<
Subject: Eigenes

x
>>>
1! * * FETCH *
1< * 3 EXISTS
1< c OK *
1> d NOOP
1! * * FETCH *
1< d OK *
# Without FlagChange flags are not told
1> e NOTIFY SET (SELECTED (MessageNew MessageExpunge))
1< e OK *
2> g STORE 1 +FLAGS (\Seen)
2< g OK *
1> f NOOP
1! * * FETCH *
1< f OK *
2> h COPY 1 INBOX
2< h OK *
1< * 4 EXISTS
