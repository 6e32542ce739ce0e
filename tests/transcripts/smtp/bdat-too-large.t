@listener submission-tls
# R18, RFC 1870: a chunk past any limit ends the session at once

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: BDAT 9999999999 LAST
S: 552 5.3.4 *
<close>
