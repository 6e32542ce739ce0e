@listener submission-tls
# RFC 5321 §4.1.1.3: the forward-path; no parameter is known (no DSN)

@auth anna
C: RCPT TO:<${bert.secure}>
S: 503 5.5.1 *
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<>
S: 501 5.1.3 *
C: RCPT TO:bert
S: 501 5.1.3 *
C: RCPT ${bert.secure}
S: 501 5.5.4 *
C: RCPT TO:<${bert.secure}> NOTIFY=SUCCESS
S: 555 5.5.4 *
C: DATA
S: 554 5.5.1 *
