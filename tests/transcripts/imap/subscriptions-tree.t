# RFC 3501 §6.3.6, §6.3.7, §6.3.9: LSUB tells what is subscribed as the pattern stands; with % a parent of what is
# subscribed is \Noselect; another session sees it at once; a name stays subscribed when its mailbox is gone
@login 1 anna
@login 2 anna
1> a CREATE T/test
1< a OK *
1> b CREATE T/test2/test
1< b OK *
1> c CREATE T/test3/test3
1< c OK *
1> d SUBSCRIBE T/test
1< d OK *
1> e SUBSCRIBE T/test2/test
1< e OK *
1> f SUBSCRIBE T/test3/test3
1< f OK *
2> a LSUB "" "T/%"
2! * LSUB * "T/test2/test"
2< * LSUB () "/" "T/test"
2< * LSUB (\Noselect) "/" "T/test2"
2< * LSUB (\Noselect) "/" "T/test3"
2< a OK *
2> b LSUB "" "*test"
2! * LSUB * "T/test3*"
2< * LSUB () "/" "T/test"
2< * LSUB () "/" "T/test2/test"
2< b OK *
1> g UNSUBSCRIBE T/test
1< g OK *
1> h DELETE T/test2/test
1< h OK *
2> c LSUB "T/" "*"
2! * LSUB * "T/test"
2< * LSUB () "/" "T/test2/test"
2< * LSUB () "/" "T/test3/test3"
2< c OK *
1> i UNSUBSCRIBE T/nichts
1< i OK *
