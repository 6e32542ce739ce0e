# RFC 9051 §7.5.1: UID FETCH is another command: EXPUNGE may come
@mail anna INBOX 2
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS.SILENT (\Deleted)
2< b OK *
2> c EXPUNGE
2< c OK *
1> b UID FETCH 2 FLAGS
1< * * FETCH (UID 2 *
1< b OK *
1> c NOOP
1< c OK *
1> d FETCH 1 UID
1< * 1 FETCH (UID 2)
1< d OK *
