# RFC 9051 §6.3.4: the names above are made too; a trailing delimiter announces children
@login 1 anna
1> a CREATE 2026/Q3/Juli
1< a OK *
1> b LIST "" "2026*"
1< * LIST (\HasChildren) "/" "2026"
1< * LIST (\HasChildren) "/" "2026/Q3"
1< * LIST (\HasNoChildren) "/" "2026/Q3/Juli"
1< b OK *
1> c CREATE Labor/
1< c OK *
1> d LIST "" Labor
1< * LIST (\HasNoChildren) "/" "Labor"
1< d OK *
