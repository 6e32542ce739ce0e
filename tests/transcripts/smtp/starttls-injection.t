@listener submission-starttls
# RFC 3207 §6: what a man in the middle adds in the clear behind STARTTLS is thrown away

S: 220 *
<raw> "EHLO client\r\nSTARTTLS\r\nNOOP\r\nMAIL FROM:<evil@example>\r\n"
S: 250-*
S: 250-PIPELINING
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-ENHANCEDSTATUSCODES
S: 250-CHUNKING
S: 250-LIMITS RCPTMAX=1
S: 250-SIZE *
S: 250 STARTTLS
S: 220 2.0.0 *
<tls>
C: HELP
S: 214-2.0.0 *
S: 214 2.0.0 *
