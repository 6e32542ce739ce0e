# RFC 5256 §3 REFERENCES: what is no valid Message-ID gives a message a unique one; references without a valid one give way to
# In-Reply-To, and words there join nothing
@login 1 anna
1> a APPEND INBOX "01-Feb-2020 10:00:00 +0000" {lit+}
<<<
Message-ID: bare@b
Subject: eins

x
>>>
1< a OK *
1> b APPEND INBOX "01-Feb-2020 11:00:00 +0000" {lit+}
<<<
Message-ID: <b@b>
References: bare@b
Subject: zwei

x
>>>
1< b OK *
1> c APPEND INBOX "01-Feb-2020 12:00:00 +0000" {lit+}
<<<
Message-ID: <c@b>
References: bare@b
In-Reply-To: Ihre Nachricht <b@b> von Montag
Subject: drei

x
>>>
1< c OK *
1> d APPEND INBOX "01-Feb-2020 13:00:00 +0000" {lit+}
<<<
Message-ID: <d@b>
In-Reply-To: Ihre Nachricht an a@b
Subject: vier

x
>>>
1< d OK *
1> e APPEND INBOX "01-Feb-2020 14:00:00 +0000" {lit+}
<<<
Message-ID: <e@b>
In-Reply-To: Ihre Nachricht an a@b
Subject: fuenf

x
>>>
1< e OK *
1> f SELECT INBOX
1< f OK *
1> g THREAD REFERENCES UTF-8 ALL
1< * THREAD (1)(2 3)(4)(5)
1< g OK *
