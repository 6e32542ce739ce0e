# Client quirk: more spaces than the grammar asks for
@mail anna INBOX 1
@login 1 anna
1> <raw> "s  SELECT   INBOX  \r\n"
1< s OK *
1> <raw> "a FETCH  1  ( FLAGS  UID )\r\n"
1< * 1 FETCH (*)
1< a OK *
1> <raw> "b NOOP \r\n"
1< b OK *
1> <raw> "c SEARCH  ALL \r\n"
1< * SEARCH 1
1< c OK *
