@listener submission-tls
# RFC 3030 §2: BDAT without a transaction is 503 after its octets; DATA, MAIL and RCPT between chunks are 503

@auth anna
<raw> "BDAT 6 LAST\r\nQUIT\r\n"
S: 503 5.5.1 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
<raw> "BDAT 3\r\nX: "
S: 250 2.0.0 3 *
C: DATA
S: 503 5.5.1 *
C: MAIL FROM:<${anna.secure}>
S: 503 5.5.1 *
C: RCPT TO:<${bert.secure}>
S: 503 5.5.1 *
