# R4: a lock ends the account's sessions
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b IDLE
1< + *
@connect 2 imap-tls
2< * OK *
2> a LOGIN "${anna.secure}" "wrong1"
2< a NO *
2> b LOGIN "${anna.secure}" "wrong2"
2< b NO *
2> c LOGIN "${anna.secure}" "wrong3"
2< c NO *
2> d LOGIN "${anna.secure}" "wrong4"
2< d NO *
@connect 3 imap-tls
3< * OK *
3> a LOGIN "${anna.secure}" "wrong5"
3< a NO *
1< * BYE *
<close 1>
