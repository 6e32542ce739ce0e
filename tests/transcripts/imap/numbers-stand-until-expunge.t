# RFC 9051 §7.5.1: another session's expunge shifts no number before EXPUNGE was sent, in no command
@mail anna INBOX 4
@login 1 anna
@login 2 anna
1> s SELECT INBOX
1< s OK *
2> s SELECT INBOX
2< s OK *
2> a STORE 1:2 +FLAGS.SILENT (\Deleted)
2< a OK *
2> b EXPUNGE
2< b OK *
1> a FETCH 3 (UID)
1< * 3 FETCH (UID 3)
1! * * EXPUNGE
1< a OK [EXPUNGEISSUED] *
1> b STORE 4 +FLAGS (\Seen)
1< * 4 FETCH (FLAGS (\Seen *))
1! * * EXPUNGE
1< b OK [EXPUNGEISSUED] *
1> c SEARCH SEEN
1< * SEARCH 4
1! * * EXPUNGE
1< c OK [EXPUNGEISSUED] *
1> d COPY 3 Archive
1< d OK [COPYUID * 3 1] *
# Storing to one that is gone changes nothing and breaks nothing
1> e STORE 1 +FLAGS (\Flagged)
1< e *
1> f NOOP
1< f OK *
1> g FETCH 1:2 (UID)
1< * 1 FETCH (UID 3)
1< * 2 FETCH (UID 4)
1< g OK *
