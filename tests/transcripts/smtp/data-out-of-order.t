@listener submission-tls
# RFC 5321 §4.1.4: DATA needs MAIL and RCPT

@auth anna
C: DATA
S: 503 5.5.1 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: DATA
S: 503 5.5.1 *
C: DATA x
S: 50* *
