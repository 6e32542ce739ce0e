@listener submission-tls
# RFC 5321 §2.3.8, §4.1.1.4: \r.\r\n does not end a message, what follows is no command, and the message is refused

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
<raw> "From: ${anna.secure}\r\nTo: ${bert.secure}\r\n\r\nx\r.\r\nMAIL FROM:<${anna.secure}>\r\nRCPT TO:<${carla.secure}>\r\nDATA\r\nsmuggled\r\n.\r\n"
S: 554 5.6.0 *
C: NOOP
S: 250 2.0.0 *
C: DATA
S: 503 5.5.1 *
