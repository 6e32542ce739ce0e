@listener submission-tls
# RFC 3030 §2: chunks of octets; a dot is a dot; the last one ends the message

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
<raw> "BDAT 11\r\nSubject: x\r"
S: 250 2.0.0 11 *
<raw> "BDAT 7\r\n\nFrom: "
S: 250 2.0.0 7 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
<raw> "BDAT 3\r\nX: "
S: 250 2.0.0 3 *
<raw> "BDAT 0\r\n"
S: 250 2.0.0 0 *
C: RSET
S: 250 2.0.0 *
