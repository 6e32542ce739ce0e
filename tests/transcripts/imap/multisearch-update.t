# RFC 7377 §2.2: UPDATE of ESEARCH is about the selected mailbox alone; SAVE alone is answered by the tagged reply
@mail anna INBOX 3
@mail anna Archive 1
@login 1 anna
@login 2 anna
1> a ESEARCH IN (mailboxes INBOX) RETURN (UPDATE) FLAGGED
1< a BAD *
1> b SELECT INBOX
1< * OK [UIDVALIDITY $inbox] *
1< b OK *
2> a SELECT INBOX
2< a OK *
1> c ESEARCH IN (personal) RETURN (ALL UPDATE) FLAGGED
1! * ESEARCH *
1< c OK *
2> b STORE 2 +FLAGS.SILENT (\Flagged)
2< b OK *
1> d NOOP
1< * ESEARCH (TAG "c" MAILBOX "INBOX" UIDVALIDITY $inbox) UID ADDTO (0 2)
1< d OK *
2> <raw> "c APPEND Archive (\\Flagged) {10+}\r\nSubject: x\r\n"
2< c OK *
2> d STORE 2 -FLAGS.SILENT (\Flagged)
2< d OK *
1> e NOOP
1! * ESEARCH * ADDTO *
1< * ESEARCH (TAG "c" MAILBOX "INBOX" UIDVALIDITY $inbox) UID REMOVEFROM (0 2)
1< e OK *
1> f CANCELUPDATE "c"
1< f OK *
2> e STORE 2 +FLAGS.SILENT (\Flagged)
2< e OK *
1> g NOOP
1! * ESEARCH *
1< g OK *
# Not of another mailbox than the selected one
1> h ESEARCH IN (mailboxes Archive) RETURN (COUNT UPDATE) FLAGGED
1< * ESEARCH (TAG "h" MAILBOX "Archive" UIDVALIDITY *) UID COUNT 1
1< h OK *
2> f STORE 3 +FLAGS.SILENT (\Flagged)
2< f OK *
1> i NOOP
1! * ESEARCH *
1< i OK *
1> j ESEARCH RETURN (SAVE) FLAGGED
1! * ESEARCH *
1< j OK *
1> k SEARCH $
1< * SEARCH 2 3
1< k OK *
