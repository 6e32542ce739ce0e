@listener submission-tls
# RFC 5321 §3.1: the server speaks first

S: 220 * ESMTP *
C: QUIT
S: 221 2.0.0 *
<close>
