# RFC 9051 §5.1: after ENABLE IMAP4rev2 names are UTF-8
@login 1 anna
1> a ENABLE IMAP4rev2
1< a OK *
1> b CREATE "Röntgen"
1< b OK *
1> c LIST "" "R*"
1< * LIST (\HasNoChildren) "/" "Röntgen"
1< c OK *
@login 2 anna
2> a LIST "" "R*"
2< * LIST (\HasNoChildren) "/" "R&APY-ntgen"
2< a OK *
