@listener submission-tls
# R15: a person without an account is refused with a sentence that names the portal

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<stranger@elsewhere.example>
S: 550 5.1.1 *stranger@elsewhere.example*https://*
C: DATA
S: 554 5.5.1 *
C: RSET
S: 250 2.0.0 *
C: DATA
S: 503 5.5.1 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
