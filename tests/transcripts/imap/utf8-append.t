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
