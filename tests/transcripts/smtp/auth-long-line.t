@listener submission-tls
# RFC 4954 §4: 12288 octets are room enough; a longer line is refused and the session goes on

S: 220 *
C: EHLO client
S: 250-*
S: 250-PIPELINING
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-ENHANCEDSTATUSCODES
S: 250-CHUNKING
S: 250-LIMITS RCPTMAX=1
S: 250-SIZE *
S: 250-REQUIRETLS
S: 250 AUTH PLAIN LOGIN
C: AUTH PLAIN
S: 334 
C: @repeat(A,12289)
S: 500 5.5.6 *
C: AUTH PLAIN @repeat(A,12288)
S: 500 5.5.2 *
C: NOOP
S: 250 2.0.0 *
