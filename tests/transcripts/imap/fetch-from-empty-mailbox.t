# RFC 9051 §9: in an empty mailbox no sequence number is right; UIDs are
@login 1 anna
1> a SELECT INBOX
1< * 0 EXISTS
1< a OK *
1> b FETCH 1:* FLAGS
1< b BAD *
1> c UID FETCH 1:* (FLAGS)
1< c OK *
