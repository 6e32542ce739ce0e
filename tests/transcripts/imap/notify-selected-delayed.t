# RFC 5465 §6.1.2: with selected-delayed EXPUNGE waits for a command that allows it; the rest comes at once
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> a NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge FlagChange))
1< a OK *
1> b SELECT INBOX
1< b OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS (\Deleted)
2< b OK *
1< * 1 FETCH (UID 1 FLAGS (*\Deleted*))
2> c EXPUNGE
2< c OK *
2> d COPY 1 INBOX
2< d OK *
1! * 1 EXPUNGE
1< * 4 EXISTS
# The message is still counted, and still read
1> c FETCH 1 UID
1! * 1 EXPUNGE
1< * 1 FETCH (UID 1)
1< c OK *
1> d NOOP
1< * 1 EXPUNGE
1< d OK *
1> i IDLE
1< + *
2> e STORE 1 +FLAGS (\Deleted)
2< e OK *
2> f EXPUNGE
2< f OK *
1< * 1 EXPUNGE
1> DONE
1< i OK *
