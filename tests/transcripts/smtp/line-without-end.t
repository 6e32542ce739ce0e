@listener submission-tls
# RFC 5321 §4.5.3.1: a line that never ends closes the session

@auth anna
C: @repeat(x,1200000)
S: 500 5.5.2 *
S: 421 4.7.0 *
<close>
