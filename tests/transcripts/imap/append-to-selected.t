# RFC 9051 §6.3.12: APPEND to the selected mailbox tells EXISTS at once, COPY to itself too
@login 1 anna
1> s SELECT Drafts
1< * 0 EXISTS
1< s OK *
1> <raw> "a APPEND Drafts {10+}\r\nSubject: x\r\n"
1< * 1 EXISTS
1< * 1 RECENT
1< a OK *
1> b COPY 1 Drafts
1< * 2 EXISTS
1< b OK *
1> c ENABLE IMAP4rev2
1< c OK *
1> <raw> "d APPEND Drafts {10+}\r\nSubject: y\r\n"
1< * 3 EXISTS
1! * * RECENT
1< d OK *
