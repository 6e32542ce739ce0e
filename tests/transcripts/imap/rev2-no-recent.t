# RFC 9051 appendix E: after ENABLE IMAP4rev2 there is no \Recent and no RECENT
@mail anna INBOX 1
@login 1 anna
@login 2 anna
1> a ENABLE IMAP4rev2
1< a OK *
1> b SELECT INBOX
1< b OK *
1> c FETCH 1 FLAGS
1< * 1 FETCH (FLAGS ())
1< c OK *
2> a APPEND INBOX {lit+}
<<<
Subject: neu

x
>>>
2< a OK *
1> d NOOP
1< * 2 EXISTS
1! * * RECENT
1< d OK *
