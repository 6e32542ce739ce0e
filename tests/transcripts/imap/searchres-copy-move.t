# RFC 5182 §2: $ names messages in COPY and MOVE
@mail anna INBOX 3
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a UID SEARCH RETURN (SAVE) UID 2:3
1< a OK *
1> b COPY $ Archive
1< b OK [COPYUID * 2:3 1:2] *
1> c UID MOVE $ Trash
1< * OK [COPYUID * 2:3 1:2] *
1< * 3 EXPUNGE
1< * 2 EXPUNGE
1< c OK *
1> d SEARCH $
1< * SEARCH
1< d OK *
