@listener submission-tls
# RFC 5321 §4.1.1.2, §4.1.2: the reverse-path

@auth anna
C: MAIL
S: 501 5.5.4 *
C: MAIL TO:<${anna.secure}>
S: 501 5.5.4 *
C: MAIL FROM:${anna.secure}
S: 501 5.1.7 *
C: MAIL FROM:<${anna.secure}
S: 501 5.1.7 *
C: MAIL FROM:<a..b@c>
S: 501 5.1.7 *
C: MAIL FROM:<@repeat(a,65)@c>
S: 501 5.1.7 *
C: MAIL FROM:<${anna.secure}>SIZE=3
S: 501 5.1.7 *
