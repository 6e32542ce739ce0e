# Thunderbird after working offline: the whole list of flags is written again, keywords among them
@mail anna INBOX 3
@login 1 anna
@login 2 anna
1> s SELECT INBOX (CONDSTORE)
1< s OK *
2> s SELECT INBOX
2< s OK *
1> a UID STORE 1,3 FLAGS (\Seen NonJunk $Forwarded)
1< * 1 FETCH (UID 1 FLAGS (\Seen \Recent NonJunk $Forwarded) MODSEQ ($a))
1< * 3 FETCH (UID 3 FLAGS (\Seen \Recent NonJunk $Forwarded) MODSEQ ($a))
1< a OK *
# The same once more changes nothing: the mod-sequence stays
1> b UID STORE 1,3 FLAGS (\Seen NonJunk $Forwarded)
1< * 1 FETCH (UID 1 FLAGS (\Seen \Recent NonJunk $Forwarded) MODSEQ ($a))
1< b OK *
1> c UID STORE 1 FLAGS ()
1< * 1 FETCH (UID 1 FLAGS (\Recent) MODSEQ (*))
1< c OK *
2> a NOOP
2< * 1 FETCH (FLAGS ())
2< * 3 FETCH (FLAGS (\Seen NonJunk $Forwarded))
2< a OK *
