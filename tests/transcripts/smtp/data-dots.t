@listener submission-tls
# RFC 5321 §4.5.2: a leading dot is unstuffed; a line that only begins with a dot does not end the message

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
C: MIME-Version: 1.0
C:
C: ..
C: ..two
C: .one
C: ...
C: .
S: 250 2.0.0 *
