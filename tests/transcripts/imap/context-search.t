# RFC 5267 §4.3: UPDATE tells by ADDTO and REMOVEFROM what a search comes to find, until CANCELUPDATE
@mail anna INBOX 4
@login 1 anna
@login 2 anna
1> s SELECT INBOX
1< s OK *
2> s SELECT INBOX
2< s OK *
1> c0 SEARCH RETURN (CONTEXT) 2:3
1< * ESEARCH (TAG "c0") ALL 2:3
1< c0 OK *
1> c1 SEARCH RETURN (UPDATE COUNT CONTEXT) FLAGGED
1< * ESEARCH (TAG "c1") COUNT 0
1< c1 OK *
1> c2 UID SEARCH RETURN (UPDATE ALL) UNDELETED
1< * ESEARCH (TAG "c2") UID ALL 1:4
1< c2 OK *
# By this session itself, and by another
1> a STORE 2:3 +FLAGS (\Flagged)
1< * 2 FETCH (FLAGS *)
1< * ESEARCH (TAG "c1") ADDTO (0 2:3)
1< a OK *
2> a STORE 2 -FLAGS.SILENT (\Flagged)
2< a OK *
2> b STORE 1 +FLAGS.SILENT (\Deleted)
2< b OK *
1> b NOOP
1< * ESEARCH (TAG "c1") REMOVEFROM (0 2)
1< * ESEARCH (TAG "c2") UID REMOVEFROM (0 1)
1< b OK *
# New messages
2> <raw> "c APPEND INBOX (\\Flagged) {10+}\r\nSubject: x\r\n"
2< c OK *
1> c NOOP
1< * 5 EXISTS
1< * ESEARCH (TAG "c1") ADDTO (0 5)
1< * ESEARCH (TAG "c2") UID ADDTO (0 5)
1< c OK *
# Expunged: REMOVEFROM while the numbers hold
2> d UID STORE 3 +FLAGS.SILENT (\Deleted)
2< d OK *
2> e EXPUNGE
2< e OK *
1> d NOOP
1< * ESEARCH (TAG "c1") REMOVEFROM (0 3)
1< * ESEARCH (TAG "c2") UID REMOVEFROM (0 3)
1< * 3 EXPUNGE
1< * 1 EXPUNGE
1< d OK *
# A tag in use is refused
1> c1 SEARCH RETURN (UPDATE) ALL
1< c1 BAD *
1> e CANCELUPDATE "c1"
1< e OK *
1> f STORE 1 +FLAGS.SILENT (\Flagged)
1! * ESEARCH (TAG "c1") *
1< f OK *
# Numbers in the search were evaluated when it came
1> c3 SEARCH RETURN (UPDATE ALL) 1:2 SEEN
1< c3 OK *
1> g STORE 1:* +FLAGS.SILENT (\Seen)
1< * ESEARCH (TAG "c3") ADDTO (0 1:2)
1< g OK *
# They end with the mailbox
1> h SELECT INBOX
1< h OK *
1> i STORE 1 -FLAGS.SILENT (\Seen)
1! * ESEARCH *
1< i OK *
1> j CANCELUPDATE
1< j BAD *
