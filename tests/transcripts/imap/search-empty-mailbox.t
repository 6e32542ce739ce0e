# RFC 9051 §6.4.4: nothing to find is no error
@login 1 anna
1> s SELECT Archive
1< s OK *
1> a SEARCH ALL
1< * SEARCH
1< a OK *
1> b SEARCH 1:*
1< * SEARCH
1< b OK *
1> c UID SEARCH UID 1:*
1< * SEARCH
1< c OK *
1> d SEARCH BODY x
1< * SEARCH
1< d OK *
1> e SEARCH RETURN (MIN MAX ALL COUNT) ALL
1< * ESEARCH (TAG "e") COUNT 0
1< e OK *
