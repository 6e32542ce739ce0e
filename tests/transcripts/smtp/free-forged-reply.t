@listener submission-tls
# R14: In-Reply-To must name a message that was delivered to the account

@auth frieda
C: MAIL FROM:<${frieda.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${anna.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Anna <${frieda.secure}>
C: To: ${anna.secure}
C: Subject: Befund
C: Date: Tue, 24 Nov 2026 08:00:00 +0100
C: Message-ID: <1@client.example>
C: In-Reply-To: <never@delivered.example>
C: MIME-Version: 1.0
C:
C: Guten Tag
C: .
S: 550 5.7.1 *
C: NOOP
S: 250 2.0.0 *
