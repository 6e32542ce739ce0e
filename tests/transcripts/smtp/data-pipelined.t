@listener submission-tls
# RFC 2920 §3.1: MAIL, RCPT, DATA in one piece, the message, the next group

@auth anna
<raw> "MAIL FROM:<${anna.secure}>\r\nRCPT TO:<${bert.secure}>\r\nDATA\r\n"
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
<raw> "From: ${anna.secure}\r\nTo: ${bert.secure}\r\nSubject: x\r\n\r\nx\r\n.\r\nNOOP\r\nQUIT\r\n"
S: 250 2.0.0 *
S: 250 2.0.0 *
S: 221 2.0.0 *
<close>
