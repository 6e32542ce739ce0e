@listener submission-tls
# RFC 6531 §3.4, RFC 6532: a header in UTF-8

@auth anna
C: MAIL FROM:<${anna.secure}> SMTPUTF8 BODY=8BITMIME
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Anna Müller <${anna.secure}>
C: To: ${bert.secure}
C: Subject: Überweisung
C: Message-ID: <utf8@client.example>
C:
C: Grüße
C: .
S: 250 2.0.0 *
C: MAIL FROM:<${anna.secure}> SMTPUTF8=YES
S: 501 5.5.4 *
