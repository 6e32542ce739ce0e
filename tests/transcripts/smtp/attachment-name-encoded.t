@listener submission-tls
# R19, RFC 2231: the name is decoded before it is looked at

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
C: Content-Type: application/octet-stream
C: Content-Disposition: attachment; filename*=utf-8''b%2Eexe
C: Content-Transfer-Encoding: base64
C:
C: TVqQAA==
C: --b--
C: .
S: 55* 5.* *b.exe*
C: NOOP
S: 250 2.0.0 *
