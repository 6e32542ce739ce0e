@listener submission-tls
# RFC 6409 §8: a message without Date and Message-ID is accepted

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Anna <${anna.secure}>
C: To: ${bert.secure}
C: Subject: Befund
C: MIME-Version: 1.0
C:
C: Guten Tag
C: .
S: 250 2.0.0 *
