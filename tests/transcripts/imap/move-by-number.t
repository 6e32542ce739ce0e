# RFC 9051 §6.4.8: MOVE by sequence number
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b MOVE 2 Archive
1< * OK [COPYUID * 2 1] *
1< * 2 EXPUNGE
1< b OK *
