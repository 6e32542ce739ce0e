# RFC 9051 §6.4.4, §9: numbers beyond the mailbox find nothing, and "*" is the last message, also with a higher
# number beside it; FETCH and STORE by such a number are BAD, by such a UID nothing
@mail anna INBOX 5
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b SEARCH 6:*
1< * SEARCH 5
1< b OK *
1> c SEARCH *:6
1< * SEARCH 5
1< c OK *
1> d SEARCH UID 100:*
1< * SEARCH 5
1< d OK *
1> e SEARCH 1000
1< * SEARCH
1< e OK *
1> f SEARCH RETURN () 1000
1< * ESEARCH (TAG "f")
1< f OK *
1> g SEARCH RETURN (MIN MAX COUNT) 1000
1< * ESEARCH (TAG "g") COUNT 0
1< g OK *
1> h UID SEARCH RETURN (ALL) 1000
1< * ESEARCH (TAG "h") UID
1< h OK *
1> i SEARCH *:3
1< * SEARCH 3 4 5
1< i OK *
1> j SEARCH OR 1 UID 3
1< * SEARCH 1 3
1< j OK *
1> k FETCH 6 UID
1< k BAD *
1> l STORE 6 +FLAGS (\Seen)
1< l BAD *
1> m UID FETCH 6:9 UID
1! * * FETCH *
1< m OK *
1> n UID STORE 9 +FLAGS (\Seen)
1< n OK *
1> o UID FETCH 9:* UID
1< * 5 FETCH (UID 5)
1< o OK *
