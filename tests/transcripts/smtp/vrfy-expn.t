@listener submission-tls
# R27, RFC 5321 §7.3: nobody is told who has an account

@auth anna
C: VRFY ${bert.secure}
S: 252 2.0.0 *
C: VRFY nobody@elsewhere.example
S: 252 2.0.0 *
C: VRFY
S: 501 5.5.4 *
C: EXPN everybody
S: 502 5.5.1 *
