# RFC 7888: a non-synchronising literal
@login 1 anna
1> a APPEND Drafts {lit+}
<<<
Subject: x

y
>>>
1! + *
1< a OK [APPENDUID *] *
