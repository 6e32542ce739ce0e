# RFC 3501 §6.4.1: CHECK needs a selected mailbox
@login 1 anna
1> a CHECK
1< a BAD *
1> b SELECT INBOX
1< b OK *
1> c CHECK
1< c OK *
