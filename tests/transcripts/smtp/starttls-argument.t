@listener submission-starttls
# RFC 3207 §4: STARTTLS takes no argument

S: 220 *
C: STARTTLS now
S: 501 5.5.4 *
