# RFC 9051 §6.3.12: no such mailbox; the literal is not asked for
@login 1 anna
1> a APPEND "no such" {12}
1< a NO [TRYCREATE] *
1! + *
1> b APPEND "no such" {lit+}
<<<
Subject: x

y
>>>
1< b NO [TRYCREATE] *
1> c NOOP
1< c OK *
