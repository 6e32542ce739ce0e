# RFC 2180 §4.2: a session that has not been told of an EXPUNGE can still store to the message, by number and
# by UID, and nothing is shifted; the flags of others are as they were
@mail anna INBOX 3
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
1> b STORE 1 +FLAGS (\Flagged)
1! * * EXPUNGE
1< b OK *
1> c STORE 1:2 +FLAGS (\Answered)
1! * * EXPUNGE
1< * 2 FETCH (FLAGS (*\Answered*))
1< c OK *
1> d FETCH 2 (UID FLAGS)
1< * 2 FETCH (UID 2 FLAGS (\Answered*))
1< d OK *
1> e UID STORE 1 +FLAGS (\Seen)
1< e OK *
1> f COPY 1 Trash
1< f OK *
1> g NOOP
1< g OK *
1> h FETCH 1:2 (UID FLAGS)
1< * 1 FETCH (UID 2 FLAGS (*\Answered*))
1< * 2 FETCH (UID 3 FLAGS *)
1< h OK *
