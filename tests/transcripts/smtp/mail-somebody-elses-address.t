@listener submission-tls
# R12: the refusal names the address to put into the mail program

@auth anna
C: MAIL FROM:<${bert.secure}>
S: 550 5.7.1 *${anna.secure}*
C: MAIL FROM:<someone@elsewhere.example>
S: 550 5.7.1 *${anna.secure}*
C: RCPT TO:<${bert.secure}>
S: 503 5.5.1 *
