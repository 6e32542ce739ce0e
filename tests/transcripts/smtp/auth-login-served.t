@listener submission-tls
# AUTH LOGIN serves whoever answers its two prompts rightly, with the name on the command line too (TRACE.md)

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
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: ${anna.secure64}
S: 334 UGFzc3dvcmQ6
C: ${anna.password64}
S: 235 2.7.0 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *

@listener submission-tls
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
C: AUTH LOGIN ${anna.secure64}
S: 334 UGFzc3dvcmQ6
C: ${anna.password64}
S: 235 2.7.0 *
