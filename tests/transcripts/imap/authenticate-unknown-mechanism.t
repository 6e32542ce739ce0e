# RFC 9051 §6.2.2: an unknown mechanism is NO
@connect 1 imap-tls
1< * OK *
1> a AUTHENTICATE GSSAPI
1< a NO *
