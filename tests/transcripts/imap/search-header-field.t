# RFC 9051 §6.4.4: HEADER: any field, every occurrence; an empty text asks whether there is one
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Subject: one
X-Priority: 1
Received: from a
Received: from b
Message-ID: <abc.123@x.example>

x
>>>
1< a OK *
1> b APPEND INBOX {lit+}
<<<
Subject: two
x-priority:

X-Late: not a header
>>>
1< b OK *
1> s SELECT INBOX
1< s OK *
1> c SEARCH HEADER X-PRIORITY ""
1< * SEARCH 1 2
1< c OK *
1> d SEARCH HEADER X-Priority 1
1< * SEARCH 1
1< d OK *
1> e SEARCH HEADER received "from b"
1< * SEARCH 1
1< e OK *
1> f SEARCH HEADER Message-ID <abc.123@X.example>
1< * SEARCH 1
1< f OK *
1> g SEARCH HEADER X-Late ""
1< * SEARCH
1< g OK *
1> h SEARCH NOT HEADER Message-ID ""
1< * SEARCH 2
1< h OK *
1> i SEARCH HEADER "Subject" two
1< * SEARCH 2
1< i OK *
