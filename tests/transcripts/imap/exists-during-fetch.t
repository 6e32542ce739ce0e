# RFC 9051 §7.4.1: new messages may be told at any time, by number and UID
@mail anna INBOX 1
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a APPEND INBOX {lit+}
<<<
Subject: zwei

x
>>>
2< a OK *
1> b NOOP
1< * 2 EXISTS
1< b OK *
1> c FETCH 2 (UID)
1< * 2 FETCH (UID 2)
1< c OK *
