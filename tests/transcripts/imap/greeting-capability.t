# RFC 9051 §7.1: the greeting carries the capabilities, and they are those of this state
@connect 1 imap-tls
1< * OK [CAPABILITY IMAP4rev1 IMAP4rev2 * AUTH=PLAIN] *
1! * OK [CAPABILITY *STARTTLS*
1> a CAPABILITY
1< * CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE IDLE SASL-IR AUTH=PLAIN
1< a OK *
