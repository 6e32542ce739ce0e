# RFC 6855 §4: APPEND with the UTF8 data item, only after ENABLE
@login 1 anna
1> a APPEND Drafts UTF8 (~{lit+}
<<<
abc
>>> )
1< a BAD *
1> b ENABLE UTF8=ACCEPT
1< b OK *
1> c APPEND Drafts UTF8 (~{lit+}
<<<
Subject: Müller

Grüße
>>> )
1< c OK [APPENDUID *] *
# With CATENATE too
1> d APPEND Drafts CATENATE (UTF8 (~{lit+}
<<<
Subject: Größe

>>>) URL "/Drafts/;UID=1/;SECTION=TEXT" UTF8 (~{lit+}
<<<
Ende
>>>))
1< d OK [APPENDUID * 2] *
1> e SELECT Drafts
1< e OK *
1> f FETCH 2 BODY.PEEK[]
1< * 2 FETCH (BODY[] {*Subject: Größe*Grüße*Ende*)
1< f OK *
1> <raw> "g APPEND Drafts CATENATE (UTF8 {3+}\r\nabc)\r\n"
1< g BAD *
1> <raw> "h APPEND Drafts CATENATE (UTF8 (~{3+}\r\nabc URL x)\r\n"
1< h BAD *
