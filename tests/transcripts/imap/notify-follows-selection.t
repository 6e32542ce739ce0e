# RFC 5465 §3.1: the selected mailbox has the events of its own group, the others theirs, whichever it is
@login 1 anna
@login 2 anna
1> a CREATE Foo
1< a OK *
1> b NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (PERSONAL (MessageNew MessageExpunge))
1< b OK *
1> c EXAMINE INBOX
1< * 0 EXISTS
1< c OK *
2> a APPEND INBOX {lit+}
<<<
Subject: 1

x
>>>
2< a OK *
1! * STATUS *
1< * 1 EXISTS
1> d EXAMINE Foo
1< * 0 EXISTS
1! * STATUS *
1< d OK *
2> b SELECT INBOX
2< b OK *
2> c MOVE 1 Foo
2< c OK *
1< * 1 EXISTS
1< * STATUS "INBOX" (UIDNEXT 2 MESSAGES 0)
1> e UNSELECT
1! * STATUS *
1< e OK *
2> d APPEND Foo {lit+}
<<<
Subject: 2

x
>>>
2< d OK *
1< * STATUS "Foo" (UIDNEXT 3 MESSAGES 2)
# Closing takes away what is \Deleted: the session's own doing
1> f SELECT Foo
1< f OK *
1> g STORE 1 +FLAGS (\Deleted)
1< g OK *
1> h CLOSE
1! * STATUS *
1< h OK *
1> i NOOP
1! * STATUS *
1< i OK *
