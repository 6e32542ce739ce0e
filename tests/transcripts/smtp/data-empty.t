@listener submission-tls
# RFC 5321 §4.1.1.4: an empty message is refused, and the session goes on

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: .
S: 5* *
C: NOOP
S: 250 2.0.0 *
