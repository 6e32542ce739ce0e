@listener submission-tls
# RFC 6531 §3: letters beyond ASCII only for who says SMTPUTF8; the reply may hold them then (§3.7.4.1)

@auth anna
C: MAIL FROM:<mü@weiß.example>
S: 553 5.6.7 *
C: MAIL FROM:<mü@weiß.example> SMTPUTF8
S: 550 5.7.1 *mü@weiß.example*
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<mü@weiß.example>
S: 553 5.6.7 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<${anna.secure}> SMTPUTF8
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
