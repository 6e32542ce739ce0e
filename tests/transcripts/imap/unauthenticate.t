# RFC 8437: back to before sign-in; nothing selected, enabled or saved is left, and somebody else may sign in
@mail anna INBOX 1
@login 1 anna
1> a CAPABILITY
1< * CAPABILITY * UNAUTHENTICATE*
1< a OK *
1> b ENABLE IMAP4rev2 QRESYNC UTF8=ACCEPT
1< b OK *
1> c SELECT INBOX
1< c OK *
1> d SEARCH RETURN (SAVE) ALL
1< d OK *
1> e UNAUTHENTICATE
1< e OK *
1> f FETCH 1 (FLAGS)
1< f BAD *
1> g LIST "" *
1< g BAD *
1> h CAPABILITY
1< * CAPABILITY * AUTH=PLAIN
1! * CAPABILITY * UNAUTHENTICATE*
1< h OK *
1> i UNAUTHENTICATE
1< i BAD *
1> <raw> "j APPEND INBOX {3+}\r\nabc\r\n"
1< j *
1> k AUTHENTICATE PLAIN ${bert.plain}
1< k OK *
1> l SELECT INBOX
1< * 0 EXISTS
1< * 0 RECENT
1< l OK *
1> m ENABLE QRESYNC
1< * ENABLED QRESYNC
1< m OK *
# What is pipelined behind it is answered in the new state
1> n UNAUTHENTICATE
1> o AUTHENTICATE PLAIN ${anna.plain}
1< o OK *
1> p SELECT INBOX
1< * 1 EXISTS
1< p OK *
1> q FETCH $ (UID)
1! * * FETCH *
1< q OK *
# §4.1: searches that are kept, NOTIFY and the charset of UTF8=ACCEPT end too; what was said in ID may stay
@login 2 anna
@login 3 anna
2> a ENABLE UTF8=ACCEPT UIDONLY
2< a OK *
2> b NOTIFY SET (PERSONAL (MessageNew MessageExpunge MailboxName))
2< b OK *
2> c SELECT INBOX
2< c OK *
2> d UID SEARCH RETURN (UPDATE) FLAGGED
2< d OK *
2> e UNAUTHENTICATE
2< e OK *
2> f LOGIN "${anna.secure}" "${anna.password}"
2< f OK *
2> g SELECT INBOX
2< g OK *
3> a CREATE Neu
3< a OK *
3> b SELECT INBOX
3< b OK *
3> c STORE 1 +FLAGS.SILENT (\Flagged)
3< c OK *
2> h NOOP
2! * LIST *
2! * ESEARCH *
2! * * UIDFETCH *
2< * 1 FETCH (FLAGS (*\Flagged*))
2< h OK *
2> i SEARCH CHARSET UTF-8 FLAGGED
2< * SEARCH 1
2< i OK *
2> j UNAUTHENTICATE now
2< j BAD *
