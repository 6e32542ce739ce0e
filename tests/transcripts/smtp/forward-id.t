@listener submission-tls
# R17: X-Forwarded-Message-Id

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
C: Date: Tue, 24 Nov 2026 08:00:00 +0100
C: Message-ID: <1@client.example>
C: X-Forwarded-Message-Id: <0@x>
C: MIME-Version: 1.0
C:
C: Guten Tag
C: .
S: 550 5.7.1 *
C: NOOP
S: 250 2.0.0 *
