# RFC 9051 §6.4.1: CLOSE after EXAMINE removes nothing
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b STORE 1 +FLAGS.SILENT (\Deleted)
1< b OK *
1> c EXAMINE INBOX
1< c OK *
1> d CLOSE
1< d OK *
1> e STATUS INBOX (MESSAGES)
1< * STATUS "INBOX" (MESSAGES 1)
1< e OK *
