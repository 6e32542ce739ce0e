# RFC 3501 §6.3.9: with % at the end, an unsubscribed name above a subscribed one is told as \Noselect; otherwise it is no
# answer, for it is not subscribed
@login 1 anna
1> a CREATE Eltern/Kind
1< a OK *
1> b SUBSCRIBE Eltern/Kind
1< b OK *
1> c LSUB "" "%"
1< * LSUB (\Noselect) "/" "Eltern"
1! * LSUB * "Eltern/Kind"
1< c OK *
1> d LSUB "" "*"
1< * LSUB () "/" "Eltern/Kind"
1! * LSUB * "Eltern"
1< d OK *
1> e LSUB "" "El%"
1< * LSUB (\Noselect) "/" "Eltern"
1< e OK *
1> f LSUB "" "Eltern"
1! * LSUB *
1< f OK *
1> g LSUB "" "%n"
1! * LSUB *
1< g OK *
1> h LSUB "Eltern/" "%d"
1< * LSUB () "/" "Eltern/Kind"
1< h OK *
