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
