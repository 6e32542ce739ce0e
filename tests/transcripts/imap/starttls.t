# RFC 9051 §6.2.1: LOGINDISABLED until TLS, no second greeting, capabilities of the encrypted state after
@connect 1 imap-starttls
1< * OK [CAPABILITY * STARTTLS LOGINDISABLED] *
1> a LOGIN "${anna.secure}" "${anna.password}"
1< a NO [PRIVACYREQUIRED] *
1> b AUTHENTICATE PLAIN
1< b NO [PRIVACYREQUIRED] *
1> c STARTTLS
1< c OK *
<tls 1>
1> d CAPABILITY
1< * CAPABILITY * AUTH=PLAIN
1! * CAPABILITY *STARTTLS*
1! * OK [CAPABILITY*
1< d OK *
1> e STARTTLS
1< e BAD *
1> f LOGIN "${anna.secure}" "${anna.password}"
1< f OK *
