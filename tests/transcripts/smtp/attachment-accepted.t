@listener submission-tls
# R19: name and content agree

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: ${anna.secure}
C: To: ${bert.secure}
C: Subject: x
C: Message-ID: <m@client.example>
C: MIME-Version: 1.0
C: Content-Type: multipart/mixed; boundary="b"
C:
C: --b
C: Content-Type: text/plain
C:
C: x
C: --b
C: Content-Type: application/pdf; name="b.pdf"
C: Content-Disposition: attachment; filename="b.pdf"
C: Content-Transfer-Encoding: base64
C:
C: JVBERi0xLjQKJSVFT0YK
C: --b--
C: .
S: 250 2.0.0 *
