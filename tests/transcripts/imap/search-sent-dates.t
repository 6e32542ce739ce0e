# RFC 9051 §6.4.4: SENTBEFORE, SENTON, SENTSINCE: the day as the sender wrote it
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Date: Sun, 1 Feb 2026 23:30:00 -0800

x
>>>
1< a OK *
1> b APPEND INBOX {lit+}
<<<
Date: 2 Feb 2026 00:10:00 +1200

x
>>>
1< b OK *
1> c APPEND INBOX {lit+}
<<<
Subject: no date

x
>>>
1< c OK *
1> s SELECT INBOX
1< s OK *
1> d SEARCH SENTON 1-Feb-2026
1< * SEARCH 1
1< d OK *
1> e SEARCH SENTBEFORE 2-Feb-2026
1< * SEARCH 1
1< e OK *
1> f SEARCH SENTSINCE 2-Feb-2026
1< * SEARCH 2
1< f OK *
1> g SEARCH SENTSINCE "1-feb-2026"
1< * SEARCH 1 2
1< g OK *
1> h SEARCH NOT SENTSINCE 1-Jan-1970
1< * SEARCH 3
1< h OK *
