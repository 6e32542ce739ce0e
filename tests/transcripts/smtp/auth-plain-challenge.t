@listener submission-tls
# RFC 4954 §4: PLAIN without initial response gets an empty challenge

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
C: auth plain
S: 334 
C: ${anna.plain}
S: 235 2.7.0 *
