# Apple Mail and iOS: SPECIAL-USE unasked in LIST, LSUB, CHANGEDSINCE 0 (which RFC 7162 has no use for)
@mail anna INBOX 2
@login 1 anna
1> a LIST "" "*"
1< * LIST (\HasNoChildren \Sent) "/" "Sent"
1< * LIST (\HasNoChildren \Trash) "/" "Trash"
1< a OK *
1> b LSUB "" "*"
1< * LSUB () "/" "INBOX"
1< * LSUB () "/" "Sent"
1< b OK *
1> c SELECT INBOX (CONDSTORE)
1< c OK *
1> d FETCH 1:2 (FLAGS UID) (CHANGEDSINCE 0)
1< * 1 FETCH (FLAGS (\Recent) UID 1 MODSEQ (*))
1< * 2 FETCH (FLAGS (\Recent) UID 2 MODSEQ (*))
1< d OK *
1> e UID FETCH 1:* (UID FLAGS) (CHANGEDSINCE 0)
1< * 1 FETCH (UID 1 FLAGS (\Recent) MODSEQ (*))
1< e OK *
1> f STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)
1< * STATUS "INBOX" (MESSAGES 2 UIDNEXT 3 *)
1< f OK *
