# RFC 8508: the new message comes and the old one goes, in one step; APPENDUID before EXPUNGE
@login 1 anna
@login 2 anna
1> a APPEND Drafts (\Draft \Flagged) {lit}
<<<
Subject: eins

1
>>>
1< a OK *
1> b SELECT Drafts
1< b OK *
1> b2 FETCH 1 EMAILID
1< * 1 FETCH (EMAILID ($one))
1< b2 OK *
2> b SELECT Drafts
2< b OK *
1> c REPLACE 1 Drafts (\Draft) {lit}
<<<
Subject: zwei

2
>>>
1! * * FETCH (*
1< * OK [APPENDUID * 2] *
1< * 1 EXPUNGE
1< * 1 EXISTS
1< c OK REPLACE done
2> c NOOP
2< * 1 EXPUNGE
2< * 1 EXISTS
2< c OK *
# Nothing is inherited
1> d FETCH 1 (UID FLAGS)
1< * 1 FETCH (UID 2 FLAGS (\Draft*))
1! * 1 FETCH (*\Flagged*)
1< d OK *
# §4.6: other content is another EMAILID
1> d2 SEARCH EMAILID $one
1< * SEARCH
1< d2 OK *
# Into another folder
1> e UID REPLACE 2 Archive {lit}
<<<
Subject: drei

3
>>>
1< * OK [APPENDUID * 1] *
1< * 1 EXPUNGE
1< e OK *
1> f STATUS Archive (MESSAGES)
1< * STATUS "Archive" (MESSAGES 1)
1< f OK *
# CATENATE with REPLACE (§4.2), VANISHED and HIGHESTMODSEQ with QRESYNC (§4.5)
1> g ENABLE QRESYNC
1< g OK *
1> h SELECT Archive
1< h OK *
1> i UID REPLACE 1 Archive (\Seen) CATENATE (URL ";UID=1" TEXT {lit}
<<<
noch mehr
>>>)
1< * OK [APPENDUID * 2] *
1< * VANISHED 1
1< i OK [HIGHESTMODSEQ *] *
1> j FETCH * BODY.PEEK[TEXT]
1< * 1 FETCH (BODY[TEXT] {*3*noch mehr*)
1< j OK *
