# RFC 9051 §6.4.4: US-ASCII and UTF-8 always, others by name, the rest refused with a list
@mail anna INBOX 1
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a SEARCH CHARSET US-ASCII SUBJECT message
1< * SEARCH 1
1< a OK *
1> b SEARCH charset utf-8 SUBJECT message
1< * SEARCH 1
1< b OK *
1> c SEARCH CHARSET "ISO-8859-1" SUBJECT message
1< * SEARCH 1
1< c OK *
1> d SEARCH CHARSET windows-1252 SUBJECT message
1< * SEARCH 1
1< d OK *
1> e SEARCH CHARSET X-NONE SUBJECT message
1! * SEARCH*
1< e NO [BADCHARSET (*UTF-8*)] *
