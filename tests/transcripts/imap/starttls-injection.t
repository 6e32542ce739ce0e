# RFC 9051 §6.2.1: what comes in the clear after STARTTLS is never obeyed
@connect 1 imap-starttls
1< * OK *
1> <raw> "a STARTTLS\r\nb CAPABILITY\r\n"
1< a OK *
<tls 1>
1> c NOOP
1! b *
1! * CAPABILITY*
1< c OK *
