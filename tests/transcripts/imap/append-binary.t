# RFC 3516 §4.4: APPEND of a literal8, NUL included
@login 1 anna
1> <raw> "a APPEND Drafts ~{32+}\r\nContent-Type: x/y\r\n\r\nabc\x00def\r\n\r\n\r\n"
1< a OK [APPENDUID *] *
1> b SELECT Drafts
1< b OK *
1> c FETCH 1 (RFC822.SIZE)
1< * 1 FETCH (RFC822.SIZE 32)
1< c OK *
