# RFC 4314: the owner has every right, nobody else can be given any
@login 1 anna
1> a CAPABILITY
1< * CAPABILITY * ACL RIGHTS=kxte *
1< a OK *
1> b MYRIGHTS INBOX
1< * MYRIGHTS "INBOX" lrswipkxtecda
1< b OK *
1> c GETACL Archive
1< * ACL "Archive" "${anna.secure}" lrswipkxtecda
1< c OK *
1> d LISTRIGHTS INBOX ${anna.secure}
1< * LISTRIGHTS "INBOX" "${anna.secure}" lrswipkxtecda
1< d OK *
1> e LISTRIGHTS INBOX ${bert.secure}
1< * LISTRIGHTS "INBOX" "${bert.secure}" ""
1< e OK *
1> f LISTRIGHTS INBOX anyone
1< * LISTRIGHTS "INBOX" "anyone" ""
1< f OK *
1> g SETACL INBOX ${bert.secure} lrs
1< g NO [NOPERM] *
1> h DELETEACL INBOX ${anna.secure}
1< h NO [NOPERM] *
1> i SETACL INBOX ${bert.secure} lrQ
1< i BAD *
1> j SETACL INBOX ${bert.secure} +lrq
1< j BAD *
1> k MYRIGHTS Nowhere
1< k NO [NONEXISTENT] *
1> l SETACL Nowhere anna lr
1< l NO [NONEXISTENT] *
1> m LISTRIGHTS INBOX ""
1< m BAD *
1> n GETACL
1< n BAD *
1> o ENABLE IMAP4rev2
1< o OK *
1> p MYRIGHTS inbox
1< * MYRIGHTS "INBOX" lrswipkxtecda
1< p OK *
# §2.1.1: "c" and "d" stand for their members; §3: the identifier comes back as it was said
1> q SETACL INBOX ${bert.secure} +cd
1< q NO [NOPERM] *
1> r LISTRIGHTS INBOX ${anna.email}
1< * LISTRIGHTS "INBOX" "${anna.email}" lrswipkxtecda
1< r OK *
# §3: an identifier that SASLprep forbids, or of which it leaves nothing, is BAD
1> s SETACL INBOX "" lr
1< s BAD *
1> t DELETEACL INBOX ""
1< t BAD *
1> <raw> "u LISTRIGHTS INBOX \"a\x07b\"\r\n"
1< u BAD *
1> <raw> "v LISTRIGHTS INBOX {2+}\r\n\xc2\xad\r\n"
1< v BAD *
1> <raw> "w SETACL INBOX {5+}\r\na\xee\x80\x80b lr\r\n"
1< w BAD *
# §4: never NO for what cannot be listed
1> x LIST "" Nowhere
1! * LIST *
1< x OK *
