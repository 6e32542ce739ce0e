@listener submission-tls
# R19: an encrypted message cannot be checked

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
C: MIME-Version: 1.0
C: Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"
C:
C: --b
C: Content-Type: application/pgp-encrypted
C:
C: Version: 1
C: --b
C: Content-Type: application/octet-stream
C:
C: -----BEGIN PGP MESSAGE-----
C: --b--
C: .
S: 55* 5.7.1 *
C: NOOP
S: 250 2.0.0 *
