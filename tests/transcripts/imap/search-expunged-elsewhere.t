# RFC 9051 §7.5.1: a message that this session still counts keeps its number in SEARCH
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> s SELECT INBOX
1< s OK *
2> s SELECT INBOX
2< s OK *
2> a STORE 1 +FLAGS.SILENT (\Deleted)
2< a OK *
2> b EXPUNGE
2< b OK *
1> c SEARCH SUBJECT "message 3"
1! * * EXPUNGE
1< * SEARCH 3
1< c OK *
1> d NOOP
1< * 1 EXPUNGE
1< d OK *
1> e SEARCH SUBJECT "message 3"
1< * SEARCH 2
1< e OK *
