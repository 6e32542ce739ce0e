# RFC 9051 §6.1.2: NOOP succeeds in every state
@connect 1 imap-tls
1< * OK *
1> a NOOP
1< a OK *
1> b LOGIN "${anna.email}" "${anna.password}"
1< b OK *
1> c NOOP
1< c OK *
1> d SELECT INBOX
1< d OK *
1> e NOOP
1! * * EXISTS
1< e OK *
