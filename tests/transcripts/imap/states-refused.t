# RFC 9051 §3: a command in the wrong state is BAD
@connect 1 imap-tls
1< * OK *
1> a SELECT INBOX
1< a BAD *
1> b FETCH 1 FLAGS
1< b BAD *
1> c LOGIN "${anna.secure}" "${anna.password}"
1< c OK *
1> d FETCH 1 FLAGS
1< d BAD *
1> e CLOSE
1< e BAD *
1> f LOGIN "${anna.secure}" "${anna.password}"
1< f BAD *
1> g AUTHENTICATE PLAIN
1< g BAD *
1> h STARTTLS
1< h BAD *
