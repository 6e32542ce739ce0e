# RFC 3501 §6.4.4: NEW is RECENT UNSEEN; what an earlier session saw is OLD
@mail anna INBOX 2
@login 1 anna
@login 2 anna
1> s SELECT INBOX
1< s OK *
2> s SELECT INBOX
2< s OK *
1> a STORE 1 +FLAGS.SILENT (\Seen)
1< a OK *
1> b SEARCH NEW
1< * SEARCH 2
1< b OK *
1> c SEARCH RECENT
1< * SEARCH 1 2
1< c OK *
1> d SEARCH OLD
1< * SEARCH
1< d OK *
2> b SEARCH OLD
2< * SEARCH 1 2
2< b OK *
2> c SEARCH NEW
2< * SEARCH
2< c OK *
