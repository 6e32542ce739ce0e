# RFC 9051 §6.4.4: BEFORE, ON, SINCE: the day of the internal date, which is told in UTC
@login 1 anna
1> a APPEND INBOX "01-Feb-2026 00:00:00 +0000" {lit+}
<<<
Subject: 1

x
>>>
1< a OK *
1> b APPEND INBOX "01-Feb-2026 23:59:59 +0000" {lit+}
<<<
Subject: 2

x
>>>
1< b OK *
1> c APPEND INBOX " 2-Feb-2026 00:00:00 +0000" {lit+}
<<<
Subject: 3

x
>>>
1< c OK *
1> s SELECT INBOX
1< s OK *
1> d SEARCH ON 1-Feb-2026
1< * SEARCH 1 2
1< d OK *
1> e SEARCH BEFORE 1-Feb-2026
1< * SEARCH
1< e OK *
1> f SEARCH BEFORE 2-Feb-2026
1< * SEARCH 1 2
1< f OK *
1> g SEARCH SINCE 2-Feb-2026
1< * SEARCH 3
1< g OK *
1> h SEARCH SINCE 1-Feb-2026 BEFORE 2-Feb-2026
1< * SEARCH 1 2
1< h OK *
