@listener submission-tls
# R12, RFC 8098: a read receipt goes to the sender of what was read, also from a free account

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${frieda.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Anna <${anna.secure}>
C: To: ${frieda.secure}
C: Subject: Befund
C: Message-ID: <read-me@client.example>
C: Disposition-Notification-To: <${anna.secure}>
C:
C: Guten Tag
C: .
S: 250 2.0.0 *

@listener submission-tls
@auth frieda
C: MAIL FROM:<>
S: 250 2.1.0 *
C: RCPT TO:<${anna.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Frieda <${frieda.secure}>
C: To: ${anna.secure}
C: Subject: Return Receipt (displayed) - Befund
C: Message-ID: <receipt@client.example>
C: References: <read-me@client.example>
C: MIME-Version: 1.0
C: Content-Type: multipart/report; report-type=disposition-notification; boundary="b"
C:
C: --b
C: Content-Type: text/plain; charset=UTF-8
C: Content-Transfer-Encoding: 7bit
C:
C: This is a Return Receipt for the mail that you sent.
C:
C: --b
C: Content-Type: message/disposition-notification; name="MDNPart2.txt"
C: Content-Disposition: inline
C: Content-Transfer-Encoding: 7bit
C:
C: Reporting-UA: client.example; Thunderbird
C: Final-Recipient: rfc822;${frieda.secure}
C: Original-Message-ID: <read-me@client.example>
C: Disposition: manual-action/MDN-sent-manually; displayed
C:
C: --b
C: Content-Type: text/rfc822-headers; name="MDNPart3.txt"
C: Content-Transfer-Encoding: 7bit
C: Content-Disposition: inline
C:
C: From: Anna <${anna.secure}>
C: Subject: Befund
C:
C: --b--
C: .
S: 250 2.0.0 *
