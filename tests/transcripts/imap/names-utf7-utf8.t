# RFC 9051 §5.1, appendix A; RFC 5198: one name in modified UTF-7 and in UTF-8, composed or not, INBOX in any case
@login 1 anna
@login 2 anna
2> a ENABLE IMAP4rev2
2< a OK *
1> a CREATE "Z&AOQ-hne/R&APY-ntgen"
1< a OK *
2> b LIST "" "Z*"
2< * LIST (\HasChildren) "/" "Zähne"
2< * LIST (\HasNoChildren) "/" "Zähne/Röntgen"
2< b OK *
2> c CREATE "Zähne"
2< c NO [ALREADYEXISTS] *
# a and a combining diaeresis: the same name
1> b SELECT "Za&Awg-hne"
1< b OK *
2> d STATUS "Zähne/Röntgen" (MESSAGES)
2< * STATUS "Zähne/Röntgen" (MESSAGES 0)
2< d OK *
1> c LIST "" "Z&AOQ-hne/%"
1< * LIST (\HasNoChildren) "/" "Z&AOQ-hne/R&APY-ntgen"
1< c OK *
# Broken modified UTF-7 is refused, not guessed at
1> d CREATE "Z&AOQhne"
1< d NO [CANNOT] *
2> e CREATE "A&B"
2< e OK *
1> e LIST "" "A*"
1< * LIST (\HasNoChildren) "/" "A&-B"
1< e OK *
1> f CREATE inbox/Unter
1< f OK *
1> g LIST "" "iNbOx/*"
1< * LIST (\HasNoChildren) "/" "INBOX/Unter"
1< g OK *
1> h SELECT "InBoX"
1< h OK *
