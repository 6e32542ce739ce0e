@listener submission-tls
# R19: 3Shape calls its own format .dcm too

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
C: Content-Type: application/octet-stream; name="kiefer.dcm"
C: Content-Disposition: attachment; filename="kiefer.dcm"
C: Content-Transfer-Encoding: base64
C:
C: PD94bWwgdmVyc2lvbj0iMS4wIj8+PEhQUyB2ZXJzaW9uPSIxLjEiPg==
C: --b--
C: .
S: 554 5.6.1 The file "kiefer.dcm" cannot be sent: it is a 3Shape file, not a DICOM image; please export it as STL and attach that
