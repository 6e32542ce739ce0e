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
