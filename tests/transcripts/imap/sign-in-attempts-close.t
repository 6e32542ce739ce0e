# R4: a connection gets five tries
@connect 1 imap-tls
1< * OK *
1> a LOGIN "${frieda.secure}" "wrong"
1< a NO *
1> b LOGIN "${frieda.secure}" "wrong"
1< b NO *
1> c LOGIN "${frieda.secure}" "wrong"
1< c NO *
1> d LOGIN "${frieda.secure}" "wrong"
1< d NO *
1> e LOGIN "${frieda.secure}" "wrong"
1< * BYE *
1< e NO [AUTHENTICATIONFAILED] *
<close 1>
