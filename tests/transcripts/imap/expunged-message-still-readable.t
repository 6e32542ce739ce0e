# RFC 2180 §4.1.2: what another session expunged can be fetched until the client has been told
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
2< * 1 EXPUNGE
2< c OK *
1> b FETCH 1 BODY.PEEK[TEXT]
1< * 1 FETCH (BODY[TEXT] {*This is message 1.*)
1! * 1 EXPUNGE
1< b OK *
1> c FETCH 1 (ENVELOPE)
1< * 1 FETCH (ENVELOPE (* "Message 1" *))
1< c OK [EXPUNGEISSUED] *
1> d NOOP
1< * 1 EXPUNGE
1< d OK *
1> e FETCH 1 UID
1< * 1 FETCH (UID 2)
1< e OK *
