# RFC 5465 §3.1: STATUS tells how the watched mailboxes stand, but not the selected one
@mail anna INBOX 2
@mail anna Archive 1
@login 1 anna
1> a NOTIFY SET STATUS (MAILBOXES Archive (MessageNew MessageExpunge))
1! * STATUS "INBOX" *
1! * STATUS *HIGHESTMODSEQ*
1< * STATUS "Archive" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY *)
1< a OK *
1> b NOTIFY SET STATUS (MAILBOXES (Archive INBOX) (MessageNew MessageExpunge FlagChange))
1< * STATUS "INBOX" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY * HIGHESTMODSEQ *)
1< * STATUS "Archive" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY * HIGHESTMODSEQ * UNSEEN 1)
1< b OK *
1> c NOTIFY SET (PERSONAL (MessageNew MessageExpunge FlagChange))
1! * STATUS *
1< c OK *
1> d NOTIFY SET STATUS (PERSONAL (MailboxName))
1! * STATUS *
1< d OK *
# A snapshot
1> e SELECT Archive
1< e OK *
1> f NOTIFY SET STATUS (PERSONAL (MessageNew MessageExpunge)) (MAILBOXES Drafts NONE)
1! * STATUS "Archive" *
1! * STATUS "Drafts" *
1< * STATUS "INBOX" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY *)
1< * STATUS "Trash" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY *)
1< f OK *
1> g NOTIFY SET STATUS (INBOXES (MessageNew MessageExpunge))
1! * STATUS "Trash" *
1< * STATUS "INBOX" (MESSAGES 2 UIDNEXT 3 UIDVALIDITY *)
1< g OK *
