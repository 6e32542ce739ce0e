# R4: the fifth distinct wrong secret locks; the same one again does not count; locked looks like wrong
@connect 1 imap-tls
1< * OK *
1> a LOGIN "${bert.secure}" "wrong1"
1< a NO [AUTHENTICATIONFAILED] *
1> b LOGIN "${bert.secure}" "wrong1"
1< b NO [AUTHENTICATIONFAILED] *
1> c LOGIN "${bert.secure}" "wrong2"
1< c NO [AUTHENTICATIONFAILED] *
1> d LOGIN "${bert.secure}" "wrong3"
1< d NO [AUTHENTICATIONFAILED] *
@connect 2 imap-tls
2< * OK *
2> a LOGIN "${bert.secure}" "wrong4"
2< a NO [AUTHENTICATIONFAILED] *
2> b LOGIN "${bert.secure}" "wrong4"
2< b NO [AUTHENTICATIONFAILED] *
2> c LOGIN "${bert.secure}" "${bert.password}"
2< c OK *
@connect 3 imap-tls
3< * OK *
3> a LOGIN "${anna.secure}" "wrong1"
3< a NO [AUTHENTICATIONFAILED] *
3> b LOGIN "${anna.secure}" "wrong2"
3< b NO [AUTHENTICATIONFAILED] *
3> c LOGIN "${anna.secure}" "wrong3"
3< c NO [AUTHENTICATIONFAILED] *
3> d LOGIN "${anna.secure}" "wrong4"
3< d NO [AUTHENTICATIONFAILED] *
@connect 4 imap-tls
4< * OK *
4> a LOGIN "${anna.secure}" "wrong5"
4< a NO [AUTHENTICATIONFAILED] *
4> b LOGIN "${anna.secure}" "${anna.password}"
4< b NO [AUTHENTICATIONFAILED] *
