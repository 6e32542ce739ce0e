@listener submission-tls
# RFC 5321 §4.1.1.10: QUIT in a transaction sends nothing

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: QUIT
S: 221 2.0.0 *
<close>
