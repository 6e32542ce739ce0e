# RFC 7377: ESEARCH over mailboxes: one response for each in which something is found, with its correlators
@mail anna INBOX 3
@mail anna Archive 2
@login 1 anna
1> a CREATE Archive/Alt
1< a OK *
1> b CREATE Archive/Alt/Tief
1< b OK *
1> <raw> "c APPEND Archive/Alt/Tief {10+}\r\nSubject: x\r\n"
1< c OK *
# Not selected yet
1> d ESEARCH IN (personal) ALL
1< * ESEARCH (TAG "d" MAILBOX "INBOX" UIDVALIDITY $inbox) UID ALL 1:3
1< * ESEARCH (TAG "d" MAILBOX "Archive" UIDVALIDITY $archive) UID ALL 1:2
1< * ESEARCH (TAG "d" MAILBOX "Archive/Alt/Tief" UIDVALIDITY *) UID ALL 1
1! * ESEARCH (TAG "d" MAILBOX "Drafts" *
1< d OK *
1> e ESEARCH IN (mailboxes ("INBOX" Nowhere) subtree-one Archive) RETURN (COUNT MIN) UID 2:*
1< * ESEARCH (TAG "e" MAILBOX "INBOX" UIDVALIDITY $inbox) UID MIN 2 COUNT 2
1< * ESEARCH (TAG "e" MAILBOX "Archive" UIDVALIDITY $archive) UID MIN 2 COUNT 1
1! * ESEARCH (TAG "e" MAILBOX "Archive/Alt/Tief" *
1< e OK *
1> f ESEARCH IN (subtree Archive) SUBJECT "Message 1"
1< * ESEARCH (TAG "f" MAILBOX "Archive" UIDVALIDITY $archive) UID ALL 1
1< f OK *
1> g ESEARCH IN (inboxes) SUBJECT nothing
1! * ESEARCH *
1< g OK *
1> h SUBSCRIBE Archive/Alt/Tief
1< h OK *
1> i ESEARCH IN (subscribed) SUBJECT x
1< * ESEARCH (TAG "i" MAILBOX "Archive/Alt/Tief" UIDVALIDITY *) UID ALL 1
1< i OK *
1> j ESEARCH ALL
1< j BAD *
1> k SELECT Archive
1< k OK *
1> l ESEARCH UNSEEN
1< * ESEARCH (TAG "l" MAILBOX "Archive" UIDVALIDITY $archive) UID ALL 1:2
1< l OK *
1> m ESEARCH IN (selected mailboxes INBOX) RETURN (PARTIAL 1:2) ALL
1< * ESEARCH (TAG "m" MAILBOX "INBOX" UIDVALIDITY $inbox) UID PARTIAL (1:2 1:2)
1< * ESEARCH (TAG "m" MAILBOX "Archive" UIDVALIDITY $archive) UID PARTIAL (1:2 1:2)
1< m OK *
1> n ESEARCH IN (selected) RETURN (SAVE ALL) UID 2
1< * ESEARCH (TAG "n" *) UID ALL 2
1< n OK *
1> o FETCH $ (UID)
1< * 2 FETCH (UID 2)
1< o OK *
1> p ESEARCH IN (mailboxes INBOX) RETURN (SAVE) ALL
1< p BAD *
1> q ESEARCH IN (selected-delayed) ALL
1< q BAD *
1> r ESEARCH IN () ALL
1< r BAD *
1> s ESEARCH IN (personal (x)) ALL
1< s BAD *
1> t ENABLE IMAP4rev2
1< t OK *
1> u ESEARCH IN (mailboxes INBOX) 2:3
1< * ESEARCH (TAG "u" MAILBOX "INBOX" UIDVALIDITY $inbox) UID ALL 2:3
1< u OK *
# §2: numbers beyond the mailbox find nothing, and are no error
1> v ESEARCH IN (mailboxes INBOX) RETURN (COUNT) 100:200
1! * ESEARCH *
1< v OK *
1> w ESEARCH 100:200
1! * ESEARCH *
1< w OK *
# §2.2: subordinate names of which none is there, and a mailbox named twice
1> x ESEARCH IN (mailboxes (INBOX INBOX) subtree INBOX) UID 1
1< * ESEARCH (TAG "x" MAILBOX "INBOX" UIDVALIDITY $inbox) UID ALL 1
1< x OK *
# Nobody else's
@login 2 bert
2> a ESEARCH IN (personal) ALL
2! * ESEARCH *
2< a OK *
