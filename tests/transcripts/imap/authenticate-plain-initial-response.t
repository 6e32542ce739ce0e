# RFC 4959: PLAIN with an initial response
@connect 1 imap-tls
1< * OK [CAPABILITY * SASL-IR *] *
1> a AUTHENTICATE PLAIN ${anna.plain}
1< a OK [CAPABILITY *] *
