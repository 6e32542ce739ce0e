# RFC 3501 §6.3.9: with %, an unsubscribed name above a subscribed one is told as \Noselect
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
