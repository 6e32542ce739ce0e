@listener submission-tls
# R15: an invited person is written to by the practice that invited, and by nobody else; the message waits

@invite dora@dahl.test
@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<Dora@Dahl.test>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: Anna <${anna.secure}>
C: To: Dora Dahl <dora@dahl.test>
C: Subject: Befund
C: Date: Tue, 24 Nov 2026 08:00:00 +0100
C: Message-ID: <1@client.example>
C: MIME-Version: 1.0
C:
C: Guten Tag
C: .
S: 250 2.0.0 *

@listener submission-tls
@auth bert
C: MAIL FROM:<${bert.secure}>
S: 250 2.1.0 *
C: RCPT TO:<dora@dahl.test>
S: 250 2.1.5 *

@listener submission-tls
@auth carla
C: MAIL FROM:<${carla.secure}>
S: 250 2.1.0 *
C: RCPT TO:<dora@dahl.test>
S: 550 5.1.1 *dora@dahl.test*https://portal.test/invite?address=dora@dahl.test*
