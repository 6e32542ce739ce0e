# RFC 9051 §6.4.4: substrings, not words and not stems: parts of words, Message-IDs, punctuation
@login 1 anna
1> m APPEND INBOX {lit}
<<<
Subject: Die Wurzelkanalbehandlungen laufen
Message-ID: <1234-abcd.xyz@mail.praxis.example>
To: Dr. M. <m.mueller+zahn@praxis.example>

Running; the patient's X-ray (2026-02-01) is at https://x.example/a?b=c&d
>>>
1< m OK *
1> s SELECT INBOX
1< s OK *
1> a SEARCH SUBJECT kanal
1< * SEARCH 1
1< a OK *
1> b SEARCH SUBJECT behandlung
1< * SEARCH 1
1< b OK *
1> c SEARCH HEADER Message-ID "<1234-abcd.xyz@mail.praxis.example>"
1< * SEARCH 1
1< c OK *
1> d SEARCH HEADER Message-ID abcd.xyz@mail
1< * SEARCH 1
1< d OK *
1> e SEARCH BODY unning
1< * SEARCH 1
1< e OK *
1> f SEARCH BODY run
1< * SEARCH 1
1< f OK *
1> g SEARCH BODY runs
1< * SEARCH
1< g OK *
1> h SEARCH BODY "s X-ray (2026"
1< * SEARCH 1
1< h OK *
1> i SEARCH TEXT "b=c&d"
1< * SEARCH 1
1< i OK *
1> j SEARCH TO "mueller+zahn@"
1< * SEARCH 1
1< j OK *
1> k SEARCH BODY "Running patient"
1< * SEARCH
1< k OK *
