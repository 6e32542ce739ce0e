@listener submission-tls
# RFC 2920 §3.1: a refused recipient in a pipelined group keeps the message from being sent

@auth anna
<raw> "MAIL FROM:<${anna.secure}>\r\nRCPT TO:<nobody@elsewhere.example>\r\nDATA\r\nRSET\r\nNOOP\r\n"
S: 250 2.1.0 *
S: 550 5.1.1 *
S: 554 5.5.1 *
S: 250 2.0.0 *
S: 250 2.0.0 *
