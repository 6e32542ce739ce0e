@listener submission-tls
# AUTH LOGIN prompts exactly as mail programs expect (TRACE.md), and takes the name with the command too

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
C: *
S: 501 5.7.0 *
C: AUTH LOGIN eA==
S: 334 UGFzc3dvcmQ6
C: eA==
S: 535 5.7.8 *
