@listener submission-tls
# R13: one recipient a message; DATA answers 554 until RSET

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: RCPT TO:<${carla.secure}>
S: 550 5.5.3 *
C: DATA
S: 554 5.5.1 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
