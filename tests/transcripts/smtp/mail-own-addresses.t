@listener submission-tls
# R12: the envelope sender is one of the account's own two addresses, in any letter case

@auth anna
C: MAIL FROM:<${anna.email}>
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: mail from:<${anna.secure}> size=100 body=8bitmime
S: 250 2.1.0 *
C: MAIL FROM:<${anna.secure}>
S: 503 5.5.1 *
