@listener submission-starttls
# RFC 3207 §4.2: what was said in the clear is forgotten, EHLO included

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
C: STARTTLS
S: 220 2.0.0 *
<tls>
C: AUTH PLAIN ${anna.plain}
S: 503 5.5.1 *
