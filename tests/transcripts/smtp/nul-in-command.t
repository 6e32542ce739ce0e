@listener submission-tls
# RFC 5321 §4.1.2: control characters have no place in a command

@auth anna
<raw> "MAIL FROM:<${anna.secure}\x00>\r\n"
S: 500 5.5.2 *
<raw> "NOOP \xff\xfe\r\n"
S: 500 5.5.2 *
