@listener submission-tls
# R12, RFC 8098: MAIL FROM:<> is for read receipts alone

@auth anna
C: MAIL FROM:<>
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
C: MIME-Version: 1.0
C:
C: Guten Tag
C: .
S: 550 5.7.1 *
