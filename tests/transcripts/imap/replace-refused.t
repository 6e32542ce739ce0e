# RFC 8508: not outside the selected state, not after EXAMINE, not what is not there; then nothing changes
@mail anna INBOX 2
@login 1 anna
@login 2 anna
1> <raw> "a REPLACE 1 Drafts {3+}\r\na:b\r\n"
1< a BAD *
1> b EXAMINE INBOX
1< b OK *
1> <raw> "c REPLACE 1 Drafts {3+}\r\na:b\r\n"
1< c NO [READ-ONLY] *
1> d SELECT INBOX
1< d OK *
1> <raw> "e REPLACE 7 Drafts {3+}\r\na:b\r\n"
1< e BAD *
1> <raw> "f UID REPLACE 7 Drafts {3+}\r\na:b\r\n"
1< f NO [NONEXISTENT] *
1> <raw> "g REPLACE 1 Nowhere {3+}\r\na:b\r\n"
1< g NO [TRYCREATE] *
1> <raw> "h REPLACE 1:2 Drafts {3+}\r\na:b\r\n"
1< h BAD *
1> <raw> "i REPLACE 1 Drafts {3+}\r\na:b {3+}\r\nc:d\r\n"
1< i BAD *
1> <raw> "j REPLACE 1 Drafts {0+}\r\n\r\n"
1< j NO *
# Somebody else was faster
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS.SILENT (\Deleted)
2< b OK *
2> c EXPUNGE
2< c OK *
1> <raw> "k REPLACE 1 Drafts {3+}\r\na:b\r\n"
1< k NO [EXPUNGEISSUED] *
1> z STATUS Drafts (MESSAGES)
1< * STATUS "Drafts" (MESSAGES 0)
1< z OK *
