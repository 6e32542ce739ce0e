# RFC 5182 §2.1: with MIN or MAX alone only these are saved; with COUNT or ALL everything
@mail anna INBOX 4
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a SEARCH RETURN (SAVE MIN MAX) 2:4
1< * ESEARCH (TAG "a") MIN 2 MAX 4
1< a OK *
1> b SEARCH $
1< * SEARCH 2 4
1< b OK *
1> c SEARCH RETURN (SAVE MIN COUNT) 2:4
1< * ESEARCH (TAG "c") MIN 2 COUNT 3
1< c OK *
1> d SEARCH $
1< * SEARCH 2 3 4
1< d OK *
1> e UID SEARCH UID $ NOT 3
1< * SEARCH 2 4
1< e OK *
1> f SEARCH RETURN (SAVE) $ 3
1< f OK *
1> g SEARCH $
1< * SEARCH 3
1< g OK *
