# RFC 4959 §3: "=" is an empty response, which PLAIN does not know; what is no base64 is BAD; neither is a sign-in
@connect 1 imap-tls
1< * OK *
1> a AUTHENTICATE PLAIN =
1< a BAD *
1> b AUTHENTICATE PLAIN !!!
1< b BAD *
1> c AUTHENTICATE PLAIN ${anna.plain} ${anna.plain}
1< c BAD *
1> d AUTHENTICATE PLAIN ${anna.plain}
1< d OK *
# The pad character stands at the end alone
@connect 2 imap-tls
2< * OK *
2> a AUTHENTICATE PLAIN =AAA
2< a BAD *
2> b AUTHENTICATE PLAIN AAA=BBB
2< b BAD *
2> c AUTHENTICATE PLAIN AAA
2< c BAD *
