@listener submission-tls
# R12: a message without From

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: To: ${bert.secure}
C: Subject: x
C:
C: x
C: .
S: 550 5.7.1 *${anna.secure}*
C: NOOP
S: 250 2.0.0 *
