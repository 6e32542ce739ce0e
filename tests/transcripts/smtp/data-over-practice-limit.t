@listener submission-tls
# R18: a practice's own limit on decoded attachments; one byte more is refused at the end of the data, a SIZE that
# cannot fit at MAIL; RFC 1870 §4: EHLO after the sign-in tells what the limit comes to on the wire

@limit attachments anna 30
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
C: Message-ID: <1@client.example>
C: MIME-Version: 1.0
C: Content-Type: multipart/mixed; boundary="b"
C:
C: --b
C: Content-Type: text/plain
C:
C: x
C: --b
C: Content-Type: image/png; name="b.png"
C: Content-Disposition: attachment; filename="b.png"
C: Content-Transfer-Encoding: base64
C:
C: iVBORw0KGgowMDAwMDAwMDAwMDAwMDAwMDAwMDAw
C: --b--
C: .
S: 250 2.0.0 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: ${anna.secure}
C: To: ${bert.secure}
C: Subject: x
C: Message-ID: <2@client.example>
C: MIME-Version: 1.0
C: Content-Type: multipart/mixed; boundary="b"
C:
C: --b
C: Content-Type: text/plain
C:
C: x
C: --b
C: Content-Type: image/png; name="b.png"
C: Content-Disposition: attachment; filename="b.png"
C: Content-Transfer-Encoding: base64
C:
C: iVBORw0KGgowMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA==
C: --b--
C: .
S: 552 5.3.4 All attachments of a message together may have at most 30 bytes; please send fewer or smaller files
C: MAIL FROM:<${anna.secure}> SIZE=4194347
S: 552 5.3.4 *
C: MAIL FROM:<${anna.secure}> SIZE=4194346
S: 250 2.1.0 *
C: EHLO again
S: 250-*
S: 250-PIPELINING
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-ENHANCEDSTATUSCODES
S: 250-CHUNKING
S: 250-LIMITS RCPTMAX=1
S: 250-SIZE 4194346
S: 250-REQUIRETLS
S: 250 AUTH PLAIN LOGIN
