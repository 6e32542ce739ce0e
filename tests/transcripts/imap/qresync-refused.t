# RFC 7162 §3.2.5, §3.2.6: not before ENABLE, not in FETCH, not without CHANGEDSINCE, not malformed
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX (QRESYNC (1 1))
1< a BAD *
1> b SELECT INBOX
1< * OK [UIDVALIDITY $validity] *
1< b OK *
1> c UID FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)
1< c BAD *
1> d ENABLE QRESYNC
1< * OK [HIGHESTMODSEQ *] *
1< d OK *
1> e FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)
1< e BAD *
1> f UID FETCH 1 (FLAGS) (VANISHED)
1< f BAD *
1> g SELECT INBOX (QRESYNC ($validity))
1< g BAD *
1> h SELECT INBOX (QRESYNC ($validity 0))
1< h BAD *
1> i SELECT INBOX (QRESYNC ($validity 1 1:*))
1< i BAD *
1> j SELECT INBOX (QRESYNC ($validity 1 1:2 (1:2 1)))
1< j BAD *
1> k SELECT INBOX (QRESYNC ($validity 1 1:2 (2,1 1,2)))
1< k BAD *
# The mailbox is still selected
1> l FETCH 1 (UID)
1< * 1 FETCH (UID 1)
1< l OK *
