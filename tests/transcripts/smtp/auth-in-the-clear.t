@listener submission-starttls
# RFC 4954 §4: no password in the clear, whatever the mechanism

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
S: 250 STARTTLS
C: AUTH PLAIN
S: 538 5.7.11 *
C: AUTH LOGIN
S: 538 5.7.11 *
C: AUTH PLAIN ${anna.plain}
S: 538 5.7.11 *
