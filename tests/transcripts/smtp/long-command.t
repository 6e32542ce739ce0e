@listener submission-tls
# RFC 5321 §4.5.3.1.4: a line that is too long is refused once, and the session goes on

@auth anna
C: NOOP @repeat(x,2000)
S: 250 2.0.0 *
C: NOOP @repeat(x,20000)
S: 500 5.5.2 *
C: NOOP
S: 250 2.0.0 *
