# RFC 9051 §6.4.4: KEYWORD and UNKEYWORD, without regard to case
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b STORE 2 +FLAGS.SILENT ($Label1)
1< b OK *
1> c SEARCH KEYWORD $LABEL1
1< * SEARCH 2
1< c OK *
1> d SEARCH UNKEYWORD $Label1 NOT KEYWORD nobody
1< * SEARCH 1
1< d OK *
