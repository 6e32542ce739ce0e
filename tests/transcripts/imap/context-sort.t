# RFC 5267 §4.3: UPDATE of a SORT tells positions in the order asked for
@login 1 anna
@login 2 anna
1> <raw> "m1 APPEND Drafts {12+}\r\nSubject: bbb\r\n"
1< m1 OK *
1> <raw> "m2 APPEND Drafts {12+}\r\nSubject: ddd\r\n"
1< m2 OK *
1> s SELECT Drafts
1< s OK *
2> s SELECT Drafts
2< s OK *
1> c1 UID SORT RETURN (UPDATE ALL) (REVERSE SUBJECT) UTF-8 UNDELETED
1< * ESEARCH (TAG "c1") UID ALL 2,1
1< c1 OK *
2> <raw> "a APPEND Drafts {12+}\r\nSubject: ccc\r\n"
2< a OK *
2> <raw> "b APPEND Drafts {12+}\r\nSubject: aaa\r\n"
2< b OK *
1> a NOOP
1< * 4 EXISTS
1< * ESEARCH (TAG "c1") UID ADDTO (2 3 4 4)
1< a OK *
2> c UID STORE 1,2 +FLAGS.SILENT (\Deleted)
2< c OK *
1> b NOOP
1< * ESEARCH (TAG "c1") UID REMOVEFROM (3 1 1 2)
1< b OK *
1> c UID STORE 2 -FLAGS.SILENT (\Deleted)
1< * ESEARCH (TAG "c1") UID ADDTO (1 2)
1< c OK *
