@listener submission-tls
# RFC 5321 §4.3.2: a client that only errs gets 421

@auth anna
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 500 5.5.2 *
C: XYZZY
S: 421 4.7.0 *
<close>
