# RFC 3502: several messages in one APPEND, in order, each with its own flags and date; APPENDUID names them all
@login 1 anna
1> s SELECT Drafts
1< s OK *
1> a APPEND Drafts (\Seen) {lit}
<<<
Subject: eins

1
>>>  (\Flagged $x) "01-Feb-2020 08:30:00 +0100" {lit+}
<<<
Subject: zwei

2
>>>  {lit+}
<<<
Subject: drei

3
>>>
1< * 3 EXISTS
1< a OK [APPENDUID * 1:3] APPEND done
1> b FETCH 1:3 (FLAGS ENVELOPE)
1< * 1 FETCH (FLAGS (\Seen \Recent) ENVELOPE (NIL "eins" *))
1< * 2 FETCH (FLAGS (\Flagged \Recent $x) ENVELOPE (NIL "zwei" *))
1< * 3 FETCH (FLAGS (\Recent) ENVELOPE (NIL "drei" *))
1< b OK *
1> c FETCH 2 (INTERNALDATE)
1< * 2 FETCH (INTERNALDATE " 1-Feb-2020 07:30:00 +0000")
1< c OK *
1> d ENABLE IMAP4rev2
1< d OK *
1> e APPEND Drafts {lit}
<<<
Subject: vier

4
>>>  {lit+}
<<<
Subject: fuenf

5
>>>
1< * 5 EXISTS
1< e OK [APPENDUID * 4:5] *
