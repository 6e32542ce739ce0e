# RFC 8514: when the message came into this mailbox: not what APPEND says, new after COPY and MOVE
@login 1 anna
1> a APPEND Drafts "01-Feb-2020 08:30:00 +0100" {lit}
<<<
Subject: alt

x
>>>
1< a OK *
1> b SELECT Drafts
1< b OK *
1> c FETCH 1 (INTERNALDATE SAVEDATE)
1< * 1 FETCH (INTERNALDATE " 1-Feb-2020 07:30:00 +0000" SAVEDATE "*-$month $time *")
1! * 1 FETCH (* SAVEDATE *-2020 *)
1< c OK *
1> d SEARCH SAVEDSINCE 1-Jan-2021
1< * SEARCH 1
1< d OK *
1> e SEARCH SAVEDBEFORE 1-Jan-2021
1< * SEARCH
1< e OK *
1> f SEARCH SAVEDON 1-Feb-2020
1< * SEARCH
1< f OK *
1> g SEARCH SAVEDATESUPPORTED
1< * SEARCH 1
1< g OK *
1> h SEARCH NOT SAVEDATESUPPORTED
1< * SEARCH
1< h OK *
1> i SEARCH SAVEDON
1< i BAD *
# §3: nothing changes it while the message is where it is
1> i2 STORE 1 +FLAGS.SILENT (\Seen)
1< i2 OK *
1> i3 FETCH 1 SAVEDATE
1< * 1 FETCH (SAVEDATE "*-$month $time *")
1< i3 OK *
1> j COPY 1 Archive
1< j OK *
1> k MOVE 1 Trash
1< k OK *
1> l SELECT Trash
1< l OK *
1> m UID FETCH 1 SAVEDATE
1< * 1 FETCH (UID 1 SAVEDATE "*")
1! * 1 FETCH (UID 1 SAVEDATE NIL)
1< m OK *
1> n ENABLE IMAP4rev2
1< n OK *
1> o SEARCH SAVEDSINCE 1-Jan-2021 BEFORE 1-Jan-2021
1< * ESEARCH (TAG "o") ALL 1
1< o OK *
