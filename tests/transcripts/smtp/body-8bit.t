@listener submission-tls
# RFC 6152: BODY=8BITMIME, and a body of octets above 127; without the parameter it is taken all the same

@auth anna
C: MAIL FROM:<${anna.secure}> BODY=8BITMIME
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
<raw> "From: ${anna.secure}\r\nTo: ${bert.secure}\r\nSubject: x\r\nMessage-ID: <8@client.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xfcber\r\n.\r\n"
S: 250 2.0.0 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
<raw> "From: ${anna.secure}\r\nTo: ${bert.secure}\r\nSubject: x\r\nMessage-ID: <9@client.example>\r\n\r\n\xfcber\r\n.\r\n"
S: 250 2.0.0 *
