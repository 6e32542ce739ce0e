# TRACE.md: the LOGIN mechanism asks exactly these two questions
@connect 1 imap-tls
1< * OK *
1> a AUTHENTICATE LOGIN
1< + VXNlcm5hbWU6
1> bm9ib2R5QHNlY3VyZS50ZXN0
1< + UGFzc3dvcmQ6
1> d3Jvbmc=
1< a NO [AUTHENTICATIONFAILED] *
# A response that comes with the command is the answer to the first
1> b AUTHENTICATE LOGIN bm9ib2R5QHNlY3VyZS50ZXN0
1< + UGFzc3dvcmQ6
1> d3Jvbmc=
1< b NO [AUTHENTICATIONFAILED] *
