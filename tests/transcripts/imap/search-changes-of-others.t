# RFC 9051 §6.4.4: what another session stored and was answered for is found
@mail anna INBOX 2
@login 1 anna
@login 2 anna
1> s SELECT INBOX
1< s OK *
2> s SELECT INBOX
2< s OK *
2> a STORE 2 +FLAGS.SILENT (\Flagged)
2< a OK *
1> b SEARCH FLAGGED
1< * SEARCH 2
1< b OK *
