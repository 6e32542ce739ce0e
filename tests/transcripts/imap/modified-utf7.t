# RFC 3501 §5.1.3: names in modified UTF-7, refused when ill-formed
@login 1 anna
1> a CREATE "&ANw-berweisungen"
1< a OK *
1> b LIST "" "&ANw-*"
1< * LIST (\HasNoChildren) "/" "&ANw-berweisungen"
1< b OK *
1> c STATUS "&ANw-berweisungen" (MESSAGES)
1< * STATUS "&ANw-berweisungen" (MESSAGES 0)
1< c OK *
1> d CREATE "&ANw"
1< d * *
1! d OK *
1> e CREATE "R&-B"
1< e OK *
1> f LIST "" "R*"
1< * LIST (\HasNoChildren) "/" "R&-B"
1< f OK *
