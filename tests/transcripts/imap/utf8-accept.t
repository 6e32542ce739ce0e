# RFC 6855 §3: after ENABLE UTF8=ACCEPT names are UTF-8 on the wire
@login 1 anna
1> a CREATE "&ANw-berweisungen"
1< a OK *
1> b ENABLE UTF8=ACCEPT
1< * ENABLED UTF8=ACCEPT
1< b OK *
1> c LIST "" "Ü*"
1< * LIST (\HasNoChildren) "/" "Überweisungen"
1< c OK *
1> d SELECT "Überweisungen"
1< d OK *
1> e STATUS "Überweisungen" (MESSAGES)
1< * STATUS "Überweisungen" (MESSAGES 0)
1< e OK *
1> f MYRIGHTS "Überweisungen"
1< * MYRIGHTS "Überweisungen" *
1< f OK *
# §3: a quoted string that is no UTF-8 is BAD, of any command; a name in a literal is one that cannot be
1> <raw> "g SELECT \"\xdc\"\r\n"
1< g BAD *
1> <raw> "h SEARCH SUBJECT \"\xe4\xe4\"\r\n"
1< h BAD *
1> <raw> "i CREATE {1+}\r\n\xdc\r\n"
1< i NO [CANNOT] *
