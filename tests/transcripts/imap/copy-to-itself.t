# RFC 9051 §6.4.7: a copy into the selected mailbox is told at once
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b COPY 1 INBOX
1< * 2 EXISTS
1< b OK [COPYUID * 1 2] *
