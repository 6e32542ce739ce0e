# RFC 9051 §4.3: user name and password as literals, synchronising and not
@connect 1 imap-tls
1< * OK *
1> <raw> "a LOGIN {4+}\r\nanna {5+}\r\nwrong\r\n"
1< a NO [AUTHENTICATIONFAILED] *
1> <raw> "b LOGIN {4}\r\n"
1< + *
1> <raw> "anna {5}\r\n"
1< + *
1> <raw> "wrong\r\n"
1< b NO [AUTHENTICATIONFAILED] *
