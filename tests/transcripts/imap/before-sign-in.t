# RFC 9051 §6.3, RFC 2342, 5161, 2177, 9208, 4978, 4314, 7377, 5465, 8437, 8508: what needs a sign-in is BAD before it, and a literal
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
@connect 2 imap-tls
2< * OK *
2> b0 MYRIGHTS INBOX
2! + *
2< b0 BAD *
2> b1 GETACL INBOX
2! + *
2< b1 BAD *
2> b2 LISTRIGHTS INBOX anna
2! + *
2< b2 BAD *
2> b3 SETACL INBOX anna lr
2! + *
2< b3 BAD *
2> b4 DELETEACL INBOX anna
2! + *
2< b4 BAD *
2> b5 ESEARCH IN (personal) ALL
2! + *
2< b5 BAD *
2> b6 NOTIFY NONE
2! + *
2< b6 BAD *
2> b7 UNAUTHENTICATE
2! + *
2< b7 BAD *
2> b8 SELECT INBOX
2! + *
2< b8 BAD *
2> b9 RENAME a b
2! + *
2< b9 BAD *
2> b10 DELETE a
2! + *
2< b10 BAD *
2> b11 UID REPLACE 1 INBOX {10}
2! + *
2< b11 BAD *
