@listener submission-tls
# R4: unknown address and wrong secret get the same answer

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
C: AUTH PLAIN AG5vYm9keUBuby53aGVyZQB4
S: 535 5.7.8 $w1 $w2 $w3 $w4 *
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: bm9ib2R5
S: 334 UGFzc3dvcmQ6
C: eA==
S: 535 5.7.8 $w1 $w2 $w3 $w4 *
