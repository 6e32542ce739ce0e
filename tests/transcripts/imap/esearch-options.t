# RFC 9051 §6.4.4: only what was asked for, in UIDs after UID SEARCH
@mail anna INBOX 4
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> x STORE 1 +FLAGS.SILENT (\Deleted)
1< x OK *
1> y EXPUNGE
1< y OK *
1> a SEARCH RETURN (MIN) ALL
1< * ESEARCH (TAG "a") MIN 1
1< a OK *
1> b UID SEARCH RETURN (MIN MAX) ALL
1< * ESEARCH (TAG "b") UID MIN 2 MAX 4
1< b OK *
1> c UID SEARCH RETURN (ALL) NOT 2
1< * ESEARCH (TAG "c") UID ALL 2,4
1< c OK *
1> d uid search return (count max) charset utf-8 all
1< * ESEARCH (TAG "d") UID MAX 4 COUNT 3
1< d OK *
