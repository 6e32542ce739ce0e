# RFC 5465 §5.1 to §5.3: messages of mailboxes that are not selected are told by STATUS; what the session
# does itself is not (§5)
@mail anna INBOX 1
@login 1 anna
@login 2 anna
2> a SELECT INBOX
2< a OK *
1> a NOTIFY SET (PERSONAL (MessageNew MessageExpunge))
1< a OK *
2> b APPEND Archive {lit+}
<<<
Subject: eins

x
>>>
2< b OK *
1! * STATUS *HIGHESTMODSEQ*
1< * STATUS "Archive" (UIDNEXT 2 MESSAGES 1)
2> c STORE 1 +FLAGS (\Deleted)
2< c OK *
2> d EXPUNGE
2< d OK *
1< * STATUS "INBOX" (UIDNEXT 2 MESSAGES 0)
1> b APPEND Archive {lit+}
<<<
Subject: zwei

x
>>>
1! * STATUS *
1< b OK *
1> c NOOP
1! * STATUS *
1< c OK *
# Flags: only where something can be said of them
1> d NOTIFY SET (SUBTREE Archive (MessageNew MessageExpunge FlagChange))
1< d OK *
2> e SELECT Archive
2< e OK *
2> f STORE 1 +FLAGS (\Flagged)
2< f OK *
2> g STORE 1 +FLAGS (\Seen)
2< g OK *
1< * STATUS "Archive" (UNSEEN 1)
1> e ENABLE CONDSTORE
1< * ENABLED CONDSTORE
1< e OK *
2> h STORE 1 -FLAGS (\Flagged)
2< h OK *
1< * STATUS "Archive" (UIDVALIDITY * HIGHESTMODSEQ *)
2> i COPY 1 Archive
2< i OK *
1< * STATUS "Archive" (UIDNEXT 4 MESSAGES 3 HIGHESTMODSEQ *)
# Outside of the subtree
2> j COPY 1 INBOX
2< j OK *
1> f NOOP
1! * STATUS *
1< f OK *
# Subscribed mailboxes, as they are subscribed then
1> g NOTIFY SET (SUBSCRIBED (MessageNew MessageExpunge))
1< g OK *
2> k UNSUBSCRIBE INBOX
2< k OK *
2> l COPY 1 INBOX
2< l OK *
1> h NOOP
1! * STATUS *
1< h OK *
2> m SUBSCRIBE INBOX
2< m OK *
1> i NOOP
1< i OK *
2> n COPY 1 INBOX
2< n OK *
1< * STATUS "INBOX" (UIDNEXT 5 MESSAGES 3 *)
