# RFC 9051 §6.3.13: changes that came before IDLE are not lost
@mail anna INBOX 1
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 1 +FLAGS (\Answered)
2< b OK *
1> b IDLE
1< + *
1< * 1 FETCH (FLAGS (\Answered \Recent))
1> DONE
1< b OK *
