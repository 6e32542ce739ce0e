@listener submission-tls
# RFC 5321 §4.2.4: 500 for the unknown, 502 for what is not offered

@auth anna
C: XYZZY
S: 500 5.5.2 *
C:
S: 500 5.5.2 *
C: GET / HTTP/1.1
S: 500 5.5.2 *
C: ETRN example
S: 502 5.5.1 *
C: TURN
S: 502 5.5.1 *
