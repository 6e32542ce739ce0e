@listener submission-tls
# R13: after a refused recipient DATA and BDAT answer 554 until RSET, however often they are tried

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<nobody@elsewhere.example>
S: 550 5.1.1 *
C: DATA
S: 554 5.5.1 *
C: DATA
S: 554 5.5.1 *
<bdat last> "QUIT\r\n"
S: 554 5.5.1 *
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
