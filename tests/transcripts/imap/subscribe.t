# RFC 9051 §6.3.7: subscriptions are names, and outlive the mailbox
@login 1 anna
1> a CREATE Weg
1< a OK *
1> b SUBSCRIBE Weg
1< b OK *
1> c DELETE Weg
1< c OK *
1> d LSUB "" "W%"
1< * LSUB () "/" "Weg"
1< d OK *
1> e LIST (SUBSCRIBED) "" "W%"
1< * LIST (\NonExistent \HasNoChildren \Subscribed) "/" "Weg"
1< e OK *
1> f UNSUBSCRIBE Weg
1< f OK *
1> g LIST (SUBSCRIBED) "" "W%"
1! * LIST *
1< g OK *
