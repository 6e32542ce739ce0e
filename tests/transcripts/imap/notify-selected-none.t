# RFC 5465 §3.1, §5: what NOTIFY did not ask for is not told, by no command and not in IDLE (§4): the mailbox
# stays as it was shown; what the session's own command does is told
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
1> b NOTIFY SET (PERSONAL (MailboxName))
1< b OK *
2> a SELECT INBOX
2< a OK *
2> b COPY 1 INBOX
2< b OK *
2> c STORE 2 +FLAGS (\Flagged)
2< c OK *
1> c NOOP
1! * 4 EXISTS
1! * 2 FETCH *
1< c OK *
1> i IDLE
1< + *
2> d CREATE Neu
2< d OK *
1! * 4 EXISTS
1< * LIST (\HasNoChildren) "/" "Neu"
1> DONE
1< i OK *
1> d STORE 1 +FLAGS (\Deleted)
1! * 4 EXISTS
1< * 1 FETCH (FLAGS (*\Deleted*))
1< d OK *
1> e EXPUNGE
1< * 1 EXPUNGE
1< * 3 EXISTS
1< e OK *
1> f NOTIFY NONE
1< f OK *
2> e COPY 2 INBOX
2< e OK *
2> f CREATE Noch
2< f OK *
1> g NOOP
1! * 4 EXISTS
1! * LIST *
1< g OK *
# Asked again: what has gathered comes
1> h NOTIFY SET (SELECTED (MessageNew MessageExpunge))
1< * 4 EXISTS
1< h OK *
