# Bad input: a client that says nothing sensible is parted with
@connect 1 imap-tls
1< * OK *
1> <raw> "a X\r\nb X\r\nc X\r\nd X\r\ne X\r\nf X\r\ng X\r\nh X\r\ni X\r\nj X\r\nk X\r\nl X\r\nm X\r\nn X\r\no X\r\np X\r\nq X\r\nr X\r\ns X\r\nt X\r\nu X\r\n"
1< * BYE Too many bad commands
<close 1>
