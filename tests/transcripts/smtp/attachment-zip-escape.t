@listener submission-tls
# R19: a member that would be unpacked elsewhere

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
C: Content-Type: application/octet-stream; name="bilder.zip"
C: Content-Disposition: attachment; filename="bilder.zip"
C: Content-Transfer-Encoding: base64
C:
C: UEsDBBQAAAAIAAAAIVxg5sBZDAAAABwAAAAIAAAALi4vYS5wbmfrDPBz5+WS4mLAAgBQSwECFAMU
C: AAAACAAAACFcYObAWQwAAAAcAAAACAAAAAAAAAAAAAAAgAEAAAAALi4vYS5wbmdQSwUGAAAAAAEA
C: AQA2AAAAMgAAAAAA
C: --b--
C: .
S: 554 5.6.1 The file "bilder.zip" cannot be sent: the file "../a.png" in it has a name that points outside of the archive; please pack the files again
