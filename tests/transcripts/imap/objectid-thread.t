# RFC 8474 §5.2, §6: THREADID is the same for a message and its answers, in every mailbox, and can be searched
# for; who answers nothing has one of its own
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b APPEND INBOX {lit+}
<<<
Message-ID: <eins@example.test>
Subject: Anfrage

x
>>>
1< b OK *
1> c APPEND INBOX {lit+}
<<<
Message-ID: <zwei@example.test>
In-Reply-To: <eins@example.test>
Subject: Ganz anders

x
>>>
1< c OK *
1> d APPEND INBOX {lit+}
<<<
Message-ID: <drei@example.test>
References: <eins@example.test> <zwei@example.test>
In-Reply-To: <zwei@example.test>

x
>>>
1< d OK *
1> e APPEND INBOX {lit+}
<<<
Subject: Anfrage

x
>>>
1< e OK *
1> f FETCH 1:4 (THREADID)
1< * 1 FETCH (THREADID ($thread))
1< * 2 FETCH (THREADID ($thread))
1< * 3 FETCH (THREADID ($thread))
1< * 4 FETCH (THREADID ($alone))
1! * 4 FETCH (THREADID ($thread))
1< f OK *
1> g SEARCH THREADID $thread
1< * SEARCH 1 2 3
1< g OK *
1> h UID SEARCH NOT THREADID $thread
1< * SEARCH 4
1< h OK *
1> i MOVE 3 Archive
1< i OK *
1> j EXAMINE Archive
1< j OK *
1> k UID FETCH 1 (THREADID)
1< * 1 FETCH (UID 1 THREADID ($thread))
1< k OK *
1> l SEARCH THREADID T1
1< * SEARCH
1< l OK *
1> m SEARCH THREADID ($thread)
1< m BAD *
# §5.2: what was said once stays, whatever comes later and joins what was apart
1> n SELECT Drafts
1< n OK *
1> o APPEND Drafts {lit+}
<<<
Message-ID: <antwort@example.test>
In-Reply-To: <anfang@example.test>

x
>>>
1< o OK *
1> p APPEND Drafts {lit+}
<<<
Message-ID: <fremd@example.test>

x
>>>
1< p OK *
1> q FETCH 1:2 THREADID
1< * 1 FETCH (THREADID ($early))
1< * 2 FETCH (THREADID ($other))
1< q OK *
1> r APPEND Drafts {lit+}
<<<
Message-ID: <anfang@example.test>

x
>>>
1< r OK *
1> s APPEND Drafts {lit+}
<<<
Message-ID: <beide@example.test>
References: <fremd@example.test> <antwort@example.test>

x
>>>
1< s OK *
1> t FETCH 1:3 THREADID
1< * 1 FETCH (THREADID ($early))
1< * 2 FETCH (THREADID ($other))
1< * 3 FETCH (THREADID ($early))
1< t OK *
