# RFC 9051 §6.2.2: "*" cancels with BAD; what is no base64 is BAD
@connect 1 imap-tls
1< * OK *
1> a AUTHENTICATE PLAIN
1< + *
1> *
1< a BAD *
1> b AUTHENTICATE PLAIN
1< + *
1> !!!
1< b BAD *
1> c AUTHENTICATE PLAIN ${anna.plain}
1< c OK *
