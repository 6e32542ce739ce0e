# RFC 9051 §7.1: CLOSED separates the responses of two mailboxes
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1! * OK [CLOSED] *
1< a OK *
1> b SELECT Sent
1< * OK [CLOSED] *
1< * 0 EXISTS
1< b OK *
