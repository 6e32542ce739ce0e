# RFC 5465 with IMAP4rev2, QRESYNC and UIDONLY: VANISHED, HIGHESTMODSEQ in STATUS, UIDFETCH, names in UTF-8
@mail anna INBOX 2
@login 1 anna
@login 2 anna
@login 3 anna
1> a ENABLE IMAP4rev2 QRESYNC
1< a OK *
1> b NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange)) (PERSONAL (MessageNew MessageExpunge MailboxName))
1< b OK *
1> c SELECT INBOX
1< c OK *
3> a ENABLE UIDONLY
3< a OK *
3> b NOTIFY SET (SELECTED (MessageNew (UID RFC822.SIZE) MessageExpunge FlagChange))
3< b OK *
3> c SELECT INBOX
3< c OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS (\Deleted)
2< b OK *
1< * 1 FETCH (UID 1 FLAGS (\Deleted) MODSEQ (*))
3< * 1 UIDFETCH (FLAGS (*\Deleted*))
2> c EXPUNGE
2< c OK *
1! * * EXPUNGE
1< * VANISHED 1
3< * VANISHED 1
2> d COPY 1 INBOX
2< d OK *
1! * * RECENT
1< * 2 EXISTS
3< * 2 EXISTS
3< * 3 UIDFETCH (*RFC822.SIZE *)
2> e CREATE "Entw&APw-rfe"
2< e OK *
1< * LIST (\HasNoChildren) "/" "Entwürfe"
2> f COPY 1 "Entw&APw-rfe"
2< f OK *
1< * STATUS "Entwürfe" (UIDNEXT 2 MESSAGES 1 HIGHESTMODSEQ *)
