@listener submission-tls
# R13: chunks of a message whose recipient was refused are swallowed and refused

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<nobody@elsewhere.example>
S: 550 5.1.1 *
<raw> "BDAT 6 LAST\r\nQUIT\r\n"
S: 554 5.5.1 *
C: RSET
S: 250 2.0.0 *
