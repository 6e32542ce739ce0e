# RFC 9051 §4.3: only a literal8 may hold NUL. One in another literal is stored all the same, and BODY[] gives back what
# was stored, in a literal: what comes back is what was sent, and mail that has it can be moved here
@login 1 anna
1> <raw> "a APPEND Drafts {19+}\r\nSubject: x\r\n\r\na\x00b\r\n\r\n"
1< a OK [APPENDUID *] *
1> b SELECT Drafts
1< b OK *
1> <raw> "c FETCH 1 (RFC822.SIZE BODY.PEEK[TEXT] BINARY.PEEK[1])\r\n"
1< * 1 FETCH (RFC822.SIZE 19 BODY[TEXT] {5}*a*b* BINARY[1] ~{5}*a*b*)
1< c OK *
# Elsewhere it is BAD
1> <raw> "d CREATE {3+}\r\na\x00b\r\n"
1< d *
1> <raw> "e SEARCH SUBJECT \"a\x00b\"\r\n"
1< e BAD *
