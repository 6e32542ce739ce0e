@listener submission-tls
# RFC 5321 §4.1.1.5, §4.1.1.8, §4.1.1.9

@auth anna
C: NOOP
S: 250 2.0.0 *
C: NOOP with words
S: 250 2.0.0 *
C: HELP
S: 214-2.0.0 *
S: 214 2.0.0 *
C: HELP MAIL
S: 214-2.0.0 *
S: 214 2.0.0 *
C: RSET
S: 250 2.0.0 *
C: RSET now
S: 501 5.5.4 *
C: QUIT now
S: 501 5.5.4 *
