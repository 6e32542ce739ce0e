@listener submission-tls
# RFC 5321 §4.1.1.1: HELO gets one line and no extension, so no sign-in

S: 220 *
C: HELO client
S: 250 *
C: AUTH PLAIN ${anna.plain}
S: 503 5.5.1 *
C: MAIL FROM:<${anna.secure}>
S: 530 5.7.0 *
