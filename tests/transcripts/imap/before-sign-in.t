# RFC 9051 §6.3, RFC 2342, RFC 5161, RFC 2177, RFC 9208, RFC 4978: what needs a sign-in is BAD before it, and a literal
# is not asked for
@connect 1 imap-tls
1< * OK *
1> a0 NAMESPACE
1! + *
1< a0 BAD *
1> a1 ENABLE CONDSTORE
1! + *
1< a1 BAD *
1> a2 IDLE
1! + *
1< a2 BAD *
1> a3 LIST "" "*"
1! + *
1< a3 BAD *
1> a4 LSUB "" "*"
1! + *
1< a4 BAD *
1> a5 STATUS INBOX (MESSAGES)
1! + *
1< a5 BAD *
1> a6 CREATE x
1! + *
1< a6 BAD *
1> a7 SUBSCRIBE x
1! + *
1< a7 BAD *
1> a8 GETQUOTA ""
1! + *
1< a8 BAD *
1> a9 GETQUOTAROOT INBOX
1! + *
1< a9 BAD *
1> a10 COMPRESS DEFLATE
1! + *
1< a10 BAD *
1> a11 APPEND INBOX {10}
1! + *
1< a11 BAD *
1> a12 UNSELECT
1! + *
1< a12 BAD *
1> a13 UID SEARCH ALL
1! + *
1< a13 BAD *
1> z LOGIN "${anna.secure}" "${anna.password}"
1< z OK *
