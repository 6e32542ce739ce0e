@listener submission-tls
# R14: a free account answers what was delivered to it, to its sender and to nobody else

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${frieda.email}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Anna <${anna.secure}>
C: To: ${frieda.email}
C: Subject: Befund
C: Message-ID: <question@client.example>
C:
C: Guten Tag
C: .
S: 250 2.0.0 *
C: QUIT
S: 221 2.0.0 *

@listener submission-tls
@auth frieda
C: MAIL FROM:<${frieda.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${anna.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Frieda <${frieda.secure}>
C: To: ${anna.secure}
C: Subject: Re: Befund
C: Message-ID: <answer@client.example>
C: In-Reply-To: <question@client.example>
C:
C: Danke
C: .
S: 250 2.0.0 *

# References alone will do.
C: MAIL FROM:<${frieda.email}>
S: 250 2.1.0 *
C: RCPT TO:<${anna.email}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Frieda <${frieda.secure}>
C: To: ${anna.secure}
C: Subject: Re: Befund
C: Message-ID: <answer2@client.example>
C: References: <older@client.example> <question@client.example>
C:
C: Noch etwas
C: .
S: 250 2.0.0 *

C: MAIL FROM:<${frieda.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Frieda <${frieda.secure}>
C: To: ${bert.secure}
C: Subject: Re: Befund
C: Message-ID: <answer3@client.example>
C: In-Reply-To: <question@client.example>
C:
C: An jemand anderen
C: .
S: 550 5.7.1 With a free account you can only answer messages that you received here; please open a message from "${bert.secure}" and choose Reply
