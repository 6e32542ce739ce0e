@listener submission-tls
# RFC 5321 §2.3.8: a command line with a bare LF is refused whole

@auth anna
<raw> "NOOP\nMAIL FROM:<${anna.secure}>\r\n"
S: 500 5.5.2 *
C: RCPT TO:<${bert.secure}>
S: 503 5.5.1 *
