# RFC 9051 §2.3.2: keywords, without regard to case; a new one is announced before it is used, also as
# one that may be changed for good (§7.1: PERMANENTFLAGS)
@mail anna INBOX 1
@login 1 anna
@login 2 anna
2> a SELECT INBOX
2< a OK *
1> a SELECT INBOX
1< a OK *
1> b UID STORE 1 +FLAGS ($MDNSent $label2)
1< * FLAGS (*$MDNSent $label2)
1< * OK [PERMANENTFLAGS (*$MDNSent $label2 \\*)] *
1< * 1 FETCH (UID 1 FLAGS ($MDNSent $label2))
1< b OK *
1> c UID STORE 1 -FLAGS ($MDNSENT $NeverSeen)
1< * 1 FETCH (UID 1 FLAGS ($label2))
1< c OK *
2> b NOOP
2< * FLAGS (*$MDNSent $label2)
2< * 1 FETCH (FLAGS (\Recent $label2))
2< b OK *
