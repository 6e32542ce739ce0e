@listener submission-tls
# RFC 3030 §2: the octets of a refused chunk are no commands, also before sign-in

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
<raw> "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"
S: 530 5.7.0 *
S: 250 2.0.0 *
C: BDAT 99999999 LAST
S: 530 5.7.0 *
<close>
