# RFC 3502: what fails or is cancelled leaves the mailbox as it was
@login 1 anna
1> <raw> "a APPEND Drafts {3+}\r\na:b {0+}\r\n\r\n"
1< a NO *
1> <raw> "b APPEND Drafts {3+}\r\na:b (\\Nonsense) {3+}\r\nc:d\r\n"
1< b BAD *
1> <raw> "c APPEND Drafts {3+}\r\na:b {999999999}\r\n"
1< c NO [TOOBIG] *
1> <raw> "d APPEND Nowhere {3+}\r\na:b {3+}\r\nc:d\r\n"
1< d NO [TRYCREATE] *
1> <raw> "e APPEND Drafts {0}\r\n"
1< e NO *
1> <raw> "f APPEND Drafts {3+}\r\na:b {3+}\r\nc:d x\r\n"
1< f BAD *
1> z STATUS Drafts (MESSAGES UIDNEXT)
1< * STATUS "Drafts" (MESSAGES 0 UIDNEXT 1)
1< z OK *
