@listener submission-tls
# RFC 8689 §2: REQUIRETLS is accepted, since nothing is relayed

@auth anna
C: MAIL FROM:<${anna.secure}> REQUIRETLS
S: 250 2.1.0 *
C: RSET
S: 250 2.0.0 *
C: MAIL FROM:<${anna.secure}> REQUIRETLS=YES
S: 501 5.5.4 *
