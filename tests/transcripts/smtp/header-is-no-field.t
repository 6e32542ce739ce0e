@listener submission-tls
# RFC 5322 §2.2: a header line that is no field is refused

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: ${anna.secure}
C: no field at all
C: To: ${bert.secure}
C:
C: x
C: .
S: 554 5.6.0 *
