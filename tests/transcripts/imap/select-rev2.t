# RFC 9051 §6.3.2, appendix E: with IMAP4rev2 a LIST response, no RECENT, no UNSEEN
@mail anna INBOX 1
@login 1 anna
1> a ENABLE IMAP4rev2
1< * ENABLED IMAP4rev2
1< a OK *
1> b SELECT inbox
1< * 1 EXISTS
1< * LIST (\HasNoChildren) "/" "INBOX" ("OLDNAME" ("inbox"))
1! * * RECENT
1! * OK [UNSEEN *
1< b OK [READ-WRITE] *
