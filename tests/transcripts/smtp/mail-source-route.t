@listener submission-tls
# RFC 5321 §4.1.1.3, appendix C: a source route is read and ignored

@auth anna
C: MAIL FROM:<@a.example,@b.example:${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<@a.example:${bert.secure}>
S: 250 2.1.5 *
