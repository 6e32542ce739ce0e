@listener submission-tls
# RFC 1870 §6.1, R18: a size that cannot fit is refused at MAIL, and the session goes on

@auth anna
C: MAIL FROM:<${anna.secure}> SIZE=1000000000
S: 552 5.3.4 *
C: MAIL FROM:<${anna.secure}> SIZE=99999999999999999999
S: 552 5.3.4 *
C: MAIL FROM:<${anna.secure}> SIZE=137000000
S: 250 2.1.0 *
