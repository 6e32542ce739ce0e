# RFC 9051 appendix E: IMAP4rev2 answers SEARCH by ESEARCH
@mail anna INBOX 2
@login 1 anna
1> a ENABLE IMAP4rev2
1< a OK *
1> b SELECT INBOX
1< b OK *
1> c SEARCH UNSEEN
1< * ESEARCH (TAG "c") ALL 1:2
1! * SEARCH*
1< c OK *
