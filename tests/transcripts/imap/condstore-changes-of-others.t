# RFC 7162 §3.2: unsolicited FETCH carries MODSEQ
@mail anna INBOX 1
@login 1 anna
@login 2 anna
1> a ENABLE CONDSTORE
1< a OK *
1> b SELECT INBOX
1< b OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS (\Seen)
2< b OK *
1> c NOOP
1< * 1 FETCH (UID 1 FLAGS (\Seen \Recent) MODSEQ (*))
1< c OK *
