# RFC 9051 §6.4.5: ALL, FAST, FULL
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b FETCH 1 FAST
1< * 1 FETCH (FLAGS (\Recent) INTERNALDATE "*" RFC822.SIZE $size)
1< b OK *
1> c FETCH 1 ALL
1< * 1 FETCH (FLAGS (\Recent) INTERNALDATE "*" RFC822.SIZE $size ENVELOPE ("Mon, 7 Sep 2026 10:01:00 +0200" "Message 1" ((* NIL "*" "secure.test")) *))
1< c OK *
1> d FETCH 1 FULL
1< * 1 FETCH (FLAGS (\Recent) INTERNALDATE * ENVELOPE (*) BODY ("text" "plain" *))
1< d OK *
