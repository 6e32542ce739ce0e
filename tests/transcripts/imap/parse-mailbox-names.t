# RFC 3501 §5.1.3: a name that is no modified UTF-7 can never be
@login 1 anna
1> a CREATE "&"
1< a NO [CANNOT] *
1> b CREATE "&Jjo"
1< b NO [CANNOT] *
1> c CREATE "&AGE-"
1< c NO [CANNOT] *
1> d CREATE "Über"
1< d NO [CANNOT] *
1> e SELECT ""
1< e NO *
1> e2 CREATE "&Jjo!"
1< e2 NO [CANNOT] *
1> e3 CREATE "&U,BTFw-&ZeVnLIqe-"
1< e3 NO [CANNOT] *
1> e4 CREATE "~peter/mail/&U,BTF2XlZyyKng-"
1< e4 OK *
1> e5 LIST "" "~peter/mail/*"
1< * LIST (*) "/" "~peter/mail/&U,BTF2XlZyyKng-"
1< e5 OK *
1> f CREATE "Tom &- Jerry"
1< f OK *
1> g LIST "" "Tom*"
1< * LIST (*) "/" "Tom &- Jerry"
1< g OK *
