# After a NOOP in all of them every session sees the same mailbox
@mail anna INBOX 3
@login 1 anna
@login 2 anna
@login 3 anna
1> s SELECT INBOX
1< s OK *
2> s SELECT INBOX
2< s OK *
3> s EXAMINE INBOX
3< s OK *
1> a STORE 2 +FLAGS.SILENT (\Deleted)
1< a OK *
2> <raw> "a APPEND INBOX {10+}\r\nSubject: x\r\n"
2< a OK *
1> b EXPUNGE
1< b OK *
2> b STORE 1 +FLAGS.SILENT (\Answered)
2< b OK *
1> n NOOP
1< n OK *
2> n CHECK
2< n OK *
3> n NOOP
3< n OK *
1> c UID SEARCH ALL
1< * SEARCH 1 3 4
1< c OK *
2> c UID SEARCH ALL
2< * SEARCH 1 3 4
2< c OK *
3> c UID SEARCH ALL
3< * SEARCH 1 3 4
3< c OK *
1> d SEARCH ANSWERED
1< * SEARCH 1
1< d OK *
3> d SEARCH ANSWERED
3< * SEARCH 1
3< d OK *
