@listener submission-tls
# RFC 3030 §3: no BINARYMIME, so lines end with CR LF; the refused chunk ends the message

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
<raw> "BDAT 9\r\nQUIT\nNOOPBDAT 6 LAST\r\nQUIT\r\n"
S: 554 5.6.0 *
S: 503 5.5.1 *
C: NOOP
S: 250 2.0.0 *
