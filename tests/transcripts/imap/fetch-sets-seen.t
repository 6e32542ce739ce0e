# RFC 9051 §6.4.5: BODY[] sets \Seen and says so, BODY.PEEK[] does not
@mail anna INBOX 2
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b FETCH 1 BODY.PEEK[TEXT]
1< * 1 FETCH (BODY[TEXT] {*message 1.*)
1! * 1 FETCH *FLAGS*
1< b OK *
1> c FETCH 1 BODY[TEXT]
1< * 1 FETCH (BODY[TEXT] {*message 1.* FLAGS (\Seen \Recent))
1< c OK *
1> d NOOP
1! * 1 FETCH *
1< d OK *
1> e FETCH 1:2 (FLAGS RFC822.TEXT)
1< * 1 FETCH (FLAGS (\Seen \Recent) RFC822.TEXT {*message 1.*)
1< * 2 FETCH (FLAGS (\Seen \Recent) RFC822.TEXT {*message 2.*)
1< e OK *
