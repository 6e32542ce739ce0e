# RFC 5530 §3: no such mailbox; the one selected before is closed all the same
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b SELECT "no such"
1< * OK [CLOSED] *
1< b NO [NONEXISTENT] *
1> c FETCH 1 FLAGS
1< c BAD *
