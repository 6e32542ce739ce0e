# RFC 5465 §7: UPDATE may say what to fetch of new messages that come to match: EXISTS, FETCH, ESEARCH;
# nothing is fetched of a message that matches because its flags changed
@mail anna INBOX 1
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< a OK *
1> s SEARCH RETURN (COUNT UPDATE (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])) FLAGGED
1< * ESEARCH (TAG "s") COUNT 0
1< s OK *
1> t SORT RETURN (COUNT UPDATE(UID)) (SUBJECT) UTF-8 SUBJECT "wichtig"
1< * ESEARCH (TAG "t") COUNT 0
1< t OK *
1> b NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange))
1< b OK *
2> a APPEND INBOX (\Flagged) {lit+}
<<<
Subject: dringend

x
>>>
2< a OK *
1< * 2 EXISTS
1< * 2 FETCH (UID 2 BODY[HEADER.FIELDS (SUBJECT)] {*dringend*)
1< * ESEARCH (TAG "s") ADDTO (0 2)
2> b SELECT INBOX
2< b OK *
2> c STORE 1 +FLAGS (\Flagged)
2< c OK *
1! * 1 FETCH (UID 1 BODY*
1< * 1 FETCH (UID 1 FLAGS *)
1< * ESEARCH (TAG "s") ADDTO (0 1)
2> d APPEND INBOX {lit+}
<<<
Subject: wichtig

x
>>>
2< d OK *
1< * 3 EXISTS
1< * 3 FETCH (UID 3)
1< * ESEARCH (TAG "t") ADDTO (1 3)
1> u SEARCH RETURN (UPDATE (FOO)) ALL
1< u BAD *
