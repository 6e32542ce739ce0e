@listener submission-tls
# RFC 3030 §2: a message in chunks, an empty one between and an empty last one; a line with a dot alone is content

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
<bdat> "From: ${anna.secure}\r\nTo: ${bert.secure}\r\nSubject: x\r\nMessage-ID: <bdat@client.example>\r\n\r\nText\r"
S: 250 2.0.0 *
<bdat> ""
S: 250 2.0.0 0 *
<bdat> "\n.\r\nQUIT\r\n"
S: 250 2.0.0 *
<bdat last> ""
S: 250 2.0.0 *
C: NOOP
S: 250 2.0.0 *

# All of it in the last chunk, pipelined behind the envelope.
<raw> "MAIL FROM:<${anna.secure}>\r\nRCPT TO:<${bert.secure}>\r\n"
<bdat last> "From: ${anna.secure}\r\nTo: ${bert.secure}\r\nSubject: x\r\nMessage-ID: <bdat2@client.example>\r\n\r\nText\r\n"
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.0.0 *

# Nothing at all is no message.
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
<bdat last> ""
S: 5* 5.* *
C: NOOP
S: 250 2.0.0 *
