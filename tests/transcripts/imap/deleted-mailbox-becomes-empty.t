# RFC 2180 §3: a mailbox that another session deletes ends as an empty one
@mail anna Archive 2
@login 1 anna
@login 2 anna
1> a SELECT Archive
1< a OK *
2> a DELETE Archive
2< a OK *
1> b NOOP
1< * 2 EXPUNGE
1< * 1 EXPUNGE
1< b OK *
1> c UNSELECT
1< c OK *
1> d SELECT Archive
1< d NO [NONEXISTENT] *
