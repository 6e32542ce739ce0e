# RFC 5465 §4: in IDLE the same is told as without it
@login 1 anna
@login 2 anna
1> a NOTIFY SET (SELECTED (MessageNew (UID FLAGS) MessageExpunge)) (PERSONAL (MessageNew MessageExpunge MailboxName))
1< a OK *
1> b SELECT INBOX
1< b OK *
1> i IDLE
1< + *
2> a APPEND INBOX (\Draft) {lit+}
<<<
Subject: 1

x
>>>
2< a OK *
1< * 1 EXISTS
1< * 1 FETCH (UID 1 FLAGS (*\Draft*))
2> b CREATE Foo
2< b OK *
1< * LIST (\HasNoChildren) "/" "Foo"
2> c SELECT INBOX
2< c OK *
2> d STORE 1 +FLAGS (\Flagged)
2< d OK *
2> e MOVE 1 Foo
2< e OK *
1! * 1 FETCH *
1< * 1 EXPUNGE
1< * STATUS "Foo" (UIDNEXT 2 MESSAGES 1)
1> DONE
1< i OK *
2> f DELETE Foo
2< f OK *
1< * LIST (\NonExistent) "/" "Foo"
