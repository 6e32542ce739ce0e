@listener submission-tls
# R30: secure address and email address are both accepted as recipient

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.email}>
S: 250 2.1.5 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: rcpt to:<${carla.secure}>
S: 250 2.1.5 *
