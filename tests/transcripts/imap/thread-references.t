# RFC 5256 THREAD=REFERENCES: who answers whom; siblings of a message that is not there
@login 1 anna
1> m1 APPEND Drafts {lit}
<<<
Subject: Befund
Message-ID: <a@x>
Date: Mon, 2 Mar 2026 10:00:00 +0000

x
>>>
1< m1 OK *
1> m2 APPEND Drafts {lit}
<<<
Subject: Re: Befund
Message-ID: <b@x>
References: <a@x>
Date: Mon, 2 Mar 2026 11:00:00 +0000

x
>>>
1< m2 OK *
1> m3 APPEND Drafts {lit}
<<<
Subject: Re: Befund
Message-ID: <c@x>
In-Reply-To: <"b"@x>
Date: Mon, 2 Mar 2026 12:00:00 +0000

x
>>>
1< m3 OK *
1> m4 APPEND Drafts {lit}
<<<
Subject: Termin
Message-ID: <d@x>
References: <gone@x>
Date: Mon, 2 Mar 2026 09:00:00 +0000

x
>>>
1< m4 OK *
1> m5 APPEND Drafts {lit}
<<<
Subject: Anders
Message-ID: <e@x>
References: <gone@x>
Date: Mon, 2 Mar 2026 13:00:00 +0000

x
>>>
1< m5 OK *
1> m6 APPEND Drafts {lit}
<<<
Subject: Fwd: Befund
Message-ID: <f@x>
References: <a@x>
Date: Mon, 2 Mar 2026 14:00:00 +0000

x
>>>
1< m6 OK *
1> a SELECT Drafts
1< a OK *
1> b THREAD REFERENCES UTF-8 ALL
1< * THREAD ((4)(5))(1 (2 3)(6))
1< b OK *
1> c UID THREAD REFERENCES US-ASCII UID 2:3
1< * THREAD (2 3)
1< c OK *
1> d THREAD REFERENCES UTF-8 SUBJECT nothing
1< * THREAD
1< d OK *
1> e THREAD REFERENCES UTF-8 NOT 2
1< * THREAD ((4)(5))(1 (3)(6))
1< e OK *
