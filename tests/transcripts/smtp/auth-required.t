@listener submission-tls
# R11, RFC 4954 §6: nothing that concerns mail before sign-in

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
C: MAIL FROM:<${anna.secure}>
S: 530 5.7.0 *
C: RCPT TO:<${bert.secure}>
S: 530 5.7.0 *
C: DATA
S: 530 5.7.0 *
C: VRFY ${bert.secure}
S: 530 5.7.0 *
C: NOOP
S: 250 2.0.0 *
C: RSET
S: 250 2.0.0 *
