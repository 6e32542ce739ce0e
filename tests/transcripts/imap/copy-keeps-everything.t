# RFC 9051 §6.4.7: COPY keeps flags, keywords and the internal date, and the copies are \Recent there; RFC 6851:
# MOVE to the mailbox itself gives a new UID
@login 1 anna
@login 2 anna
1> a APPEND INBOX (\Seen) "01-Feb-2020 10:00:00 +0100" {lit+}
<<<
Subject: eins

x
>>>
1< a OK *
1> b APPEND INBOX (\Flagged \Draft Wichtig) " 2-Feb-2020 10:00:00 +0000" {lit+}
<<<
Subject: zwei

x
>>>
1< b OK *
1> c SELECT INBOX
1< c OK *
2> a CREATE Ziel
2< a OK *
2> b SELECT Ziel
2< b OK *
1> d COPY 1:2 Ziel
1< d OK [COPYUID * 1:2 1:2] *
2> c NOOP
2< * 2 EXISTS
2< * 2 RECENT
2< c OK *
2> d FETCH 1:2 (FLAGS INTERNALDATE)
2< * 1 FETCH (FLAGS (\Seen \Recent) INTERNALDATE " 1-Feb-2020 09:00:00 +0000")
2< * 2 FETCH (FLAGS (*\Recent*Wichtig*) INTERNALDATE " 2-Feb-2020 10:00:00 +0000")
2< d OK *
2> e MOVE 1 Ziel
2< * OK [COPYUID * 1 3] *
2< * 1 EXPUNGE
2< * 2 EXISTS
2< e OK *
2> f FETCH 1:2 UID
2< * 1 FETCH (UID 2)
2< * 2 FETCH (UID 3)
2< f OK *
