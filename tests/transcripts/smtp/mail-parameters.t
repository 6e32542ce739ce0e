@listener submission-tls
# RFC 5321 §4.1.1.11: an unknown parameter is 555; a malformed one 501

@auth anna
C: MAIL FROM:<${anna.secure}> FROBNICATE=1
S: 555 5.5.4 *
C: MAIL FROM:<${anna.secure}> RET=FULL ENVID=x
S: 555 5.5.4 *
C: MAIL FROM:<${anna.secure}> BODY=BINARYMIME
S: 555 5.5.4 *
C: MAIL FROM:<${anna.secure}> BODY=9BIT
S: 501 5.5.4 *
C: MAIL FROM:<${anna.secure}> SIZE=lots
S: 501 5.5.4 *
C: MAIL FROM:<${anna.secure}> SIZE=1 SIZE=1
S: 501 5.5.4 *
C: MAIL FROM:<${anna.secure}> AUTH=<> BODY=7BIT SIZE=1
S: 250 2.1.0 *
