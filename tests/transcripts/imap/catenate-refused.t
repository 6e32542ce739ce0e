# RFC 4469 §4: BADURL names the URL; nothing from other servers, nobody else's mail; nothing is stored
@mail anna INBOX 1
@mail bert INBOX 1
@login 1 anna
1> a APPEND Drafts CATENATE (URL "/INBOX/;UID=9")
1< a NO [BADURL /INBOX/;UID=9] *
1> b APPEND Drafts CATENATE (URL "imap://${bert.secure}@other.example/INBOX/;UID=1")
1< b NO [BADURL imap://*] *
1> c APPEND Drafts CATENATE (URL "/INBOX;UIDVALIDITY=1/;UID=1")
1< c NO [BADURL *] *
1> d APPEND Drafts CATENATE (URL "/INBOX/;UID=1/;SECTION=7")
1< d NO [BADURL *] *
1> e APPEND Drafts CATENATE (URL "/Nowhere/;UID=1")
1< e NO [BADURL *] *
1> f APPEND Drafts CATENATE (URL ";UID=1")
1< f NO [BADURL *] *
1> g APPEND Drafts CATENATE (URL "/a]b/;UID=1")
1< g NO [BADURL /a%5Db/;UID=1] *
# The literal behind a bad URL is never asked for, or is thrown away
1> <raw> "h APPEND Drafts CATENATE (URL /INBOX/;UID=9 TEXT {3}\r\n"
1< h NO [BADURL *] *
1> <raw> "i APPEND Drafts CATENATE (URL /INBOX/;UID=9 TEXT {3+}\r\nabc)\r\n"
1< i NO [BADURL *] *
1> <raw> "j APPEND Drafts CATENATE (TEXT {3+}\r\nabc URL /INBOX/;UID=9)\r\n"
1< j NO [BADURL *] *
# The first that cannot be had is the one that is named
1> j2 APPEND Drafts CATENATE (URL "/INBOX/;UID=1" URL "/INBOX/;UID=8" URL "/INBOX/;UID=9")
1< j2 NO [BADURL /INBOX/;UID=8] *
# RFC 6855 §4: UTF8 only after ENABLE
1> <raw> "j3 APPEND Drafts CATENATE (UTF8 (~{3+}\r\nabc))\r\n"
1< j3 BAD *
1> k APPEND Drafts CATENATE ()
1< k BAD *
1> l APPEND Nowhere CATENATE (URL "/INBOX/;UID=1")
1< l NO [TRYCREATE] *
1> z STATUS Drafts (MESSAGES)
1< * STATUS "Drafts" (MESSAGES 0)
1< z OK *
