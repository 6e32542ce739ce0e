# Bad input: a literal above the limit before sign-in is refused and never held
@connect 1 imap-tls
1< * OK *
1> a LOGIN {100000000}
1< a *
1! + *
1> b NOOP
1< b OK *
