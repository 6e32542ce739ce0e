@listener submission-tls
# RFC 3030 §2: without a size the octets cannot be told from commands, so the session ends

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
<raw> "BDAT many\r\nMAIL FROM:<${anna.secure}>\r\n"
S: 501 5.5.4 *
<close>
