# RFC 9586: after ENABLE UIDONLY no sequence number is said or understood
@mail anna INBOX 4
@login 1 anna
@login 2 anna
1> a ENABLE UIDONLY
1< * ENABLED UIDONLY
1< a OK *
1> b SELECT INBOX
1< * 4 EXISTS
1! * OK [UNSEEN *
1< b OK *
1> c UID FETCH 2:3 (FLAGS)
1< * 2 UIDFETCH (FLAGS (\Recent))
1< * 3 UIDFETCH (FLAGS (\Recent))
1! * * FETCH *
1< c OK *
1> d UID FETCH 2 (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])
1< * 2 UIDFETCH (UID 2 BODY[HEADER.FIELDS (SUBJECT)] {22}*
1< d OK *
1> e UID STORE 3 +FLAGS (\Deleted)
1< * 3 UIDFETCH (FLAGS (\Deleted \Recent))
1< e OK *
1> f UID EXPUNGE 3
1< * VANISHED 3
1! * * EXPUNGE
1< f OK *
2> a SELECT INBOX
2< a OK *
2> b STORE 3 +FLAGS (\Seen)
2< b OK *
1> g NOOP
1< * 4 UIDFETCH (FLAGS (\Seen \Recent))
1< g OK *
1> h UID SEARCH UID 2:*
1< * SEARCH 2 4
1< h OK *
1> i UID COPY 2 Archive
1< i OK [COPYUID * 2 1] *
1> j UID MOVE 2 Archive
1< * VANISHED 2
1< j OK *
1> k FETCH 1 (FLAGS)
1< k BAD [UIDREQUIRED] *
1> l STORE 1 +FLAGS (\Seen)
1< l BAD [UIDREQUIRED] *
1> m SEARCH ALL
1< m BAD [UIDREQUIRED] *
1> n UID SEARCH 1:2
1< n BAD [UIDREQUIRED] *
1> o COPY 1 Archive
1< o BAD [UIDREQUIRED] *
1> p MOVE 1 Archive
1< p BAD [UIDREQUIRED] *
1> q SORT (DATE) UTF-8 ALL
1< q BAD [UIDREQUIRED] *
1> r THREAD REFERENCES UTF-8 ALL
1< r BAD [UIDREQUIRED] *
1> <raw> "s REPLACE 1 INBOX {3+}\r\na:b\r\n"
1< s BAD [UIDREQUIRED] *
1> t UID SORT (ARRIVAL) UTF-8 UNDELETED
1< * SORT 1 4
1< t OK *
1> u ENABLE QRESYNC
1< u OK *
1> v SELECT INBOX (QRESYNC (1 1 1:4 (1 1)))
1< v BAD [UIDREQUIRED] *
# "*" is a number too where numbers are meant; $ is none
1> w UID SEARCH *
1< w BAD [UIDREQUIRED] *
1> x UID SEARCH RETURN (SAVE) UID 1:*
1< x OK *
1> y UID FETCH $ (FLAGS)
1< * 1 UIDFETCH (*)
1< * 4 UIDFETCH (*)
1< y OK *
1> z ESEARCH IN (selected) 1:2
1< z BAD [UIDREQUIRED] *
