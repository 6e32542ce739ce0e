# RFC 5256 §3 REFERENCES: circles are not closed; a message that goes leaves its place to its children; two of one
# id are two
@login 1 anna
1> a APPEND INBOX "01-Feb-2020 17:06:23 +0000" {lit+}
<<<
Message-ID: <a@b>

x
>>>
1< a OK *
1> b APPEND INBOX "01-Feb-2020 15:06:23 +0000" {lit+}
<<<
Message-Id: <b@b>
References: <c@b> <a@b>

x
>>>
1< b OK *
1> c APPEND INBOX "01-Feb-2020 16:06:25 +0000" {lit+}
<<<
Message-Id: <c@b>
References: <b@b>

x
>>>
1< c OK *
1> d SELECT INBOX
1< d OK *
1> e THREAD REFERENCES US-ASCII ALL
1< * THREAD (3 1 2)
1< e OK *
1> f STORE 1 +FLAGS (\Deleted)
1< f OK *
1> g EXPUNGE
1< g OK *
1> h THREAD REFERENCES US-ASCII ALL
1< * THREAD (2 1)
1< h OK *
1> i APPEND INBOX {lit+}
<<<
Message-ID: <self@b>
References: <self@b>
Subject: allein

x
>>>
1< i OK *
1> j APPEND INBOX {lit+}
<<<
Message-ID: <b@b>
Subject: zweimal

x
>>>
1< j OK *
1> k THREAD REFERENCES UTF-8 3:4
1< * THREAD (3)(4)
1< k OK *
1> l THREAD REFERENCES UTF-8 1000
1< * THREAD
1< l OK *
