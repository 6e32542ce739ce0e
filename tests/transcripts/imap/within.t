# RFC 5032: OLDER and YOUNGER count seconds back from now, to the second
@mail anna INBOX 1
@login 1 anna
1> a APPEND INBOX "01-Feb-2020 08:30:00 +0100" {lit}
<<<
Subject: alt

x
>>>
1< a OK *
1> b APPEND INBOX {lit}
<<<
Subject: neu

x
>>>
1< b OK *
1> c SELECT INBOX
1< c OK *
1> d SEARCH OLDER 86400 UID 2:3
1< * SEARCH 2
1< d OK *
1> e SEARCH YOUNGER 86400 UID 2:3
1< * SEARCH 3
1< e OK *
1> f SEARCH NOT YOUNGER 86400 UID 2:3
1< * SEARCH 2
1< f OK *
# RFC 5032 §3: nz-number
1> g SEARCH OLDER 0
1< g BAD *
1> h SEARCH YOUNGER -5
1< h BAD *
1> i SEARCH OLDER 4294967295
1< * SEARCH*
1< i OK *
1> j ENABLE IMAP4rev2
1< j OK *
1> k UID SEARCH RETURN (COUNT) OLDER 86400 UID 2:3
1< * ESEARCH (TAG "k") UID COUNT 1
1< k OK *
