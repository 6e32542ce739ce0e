# RFC 9051 §6.4.1, §6.4.2: CLOSE removes what is \Deleted without a word, UNSELECT does not
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b STORE 1 +FLAGS.SILENT (\Deleted)
1< b OK *
1> b2 UNSELECT INBOX
1< b2 BAD *
1> c UNSELECT
1< c OK *
1> d SELECT INBOX
1< * 2 EXISTS
1< d OK *
1> e CLOSE
1! * * EXPUNGE
1< e OK *
1> f SELECT INBOX
1< * 1 EXISTS
1< f OK *
