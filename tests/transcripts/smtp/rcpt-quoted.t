@listener submission-tls
# RFC 5321 §4.1.2: a quoted local part that needs no quotes is the same address

@auth anna
C: MAIL FROM:<"nobody here"@elsewhere.example>
S: 550 5.7.1 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<"no\body"@elsewhere.example>
S: 550 5.1.1 *nobody@elsewhere.example*
