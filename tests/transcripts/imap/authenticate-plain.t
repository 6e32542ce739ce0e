# RFC 9051 §6.2.2, RFC 4616: PLAIN after a challenge
@connect 1 imap-tls
1< * OK *
1> a AUTHENTICATE PLAIN
1< + *
1> ${anna.plain}
1< a OK [CAPABILITY *] *
