# Flag changes of two sessions at once are both kept; neither is refused because of the other
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> s SELECT INBOX
1< s OK *
2> s SELECT INBOX
2< s OK *
1> <raw> "a STORE 1:3 +FLAGS.SILENT (\\Seen)\r\nb STORE 1:3 +FLAGS.SILENT (\\Flagged)\r\n"
2> <raw> "a STORE 1:3 +FLAGS.SILENT (\\Answered)\r\nb STORE 1:3 +FLAGS.SILENT ($x)\r\n"
1< a OK *
1< b OK *
2< a OK *
2< b OK *
1> c NOOP
1< c OK *
1> d FETCH 1:3 (FLAGS)
1< * 1 FETCH (FLAGS (\Answered \Flagged \Seen \Recent $x))
1< * 2 FETCH (FLAGS (\Answered \Flagged \Seen \Recent $x))
1< * 3 FETCH (FLAGS (\Answered \Flagged \Seen \Recent $x))
1< d OK *
2> c NOOP
2< c OK *
2> d FETCH 1:3 (FLAGS)
2< * 1 FETCH (FLAGS (\Answered \Flagged \Seen $x))
2< * 2 FETCH (FLAGS (\Answered \Flagged \Seen $x))
2< * 3 FETCH (FLAGS (\Answered \Flagged \Seen $x))
2< d OK *
