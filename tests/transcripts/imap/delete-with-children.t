# RFC 9051 §6.3.5: a name with children stays as \Noselect and cannot be deleted again
@login 1 anna
1> a CREATE Ober/Unter
1< a OK *
1> b DELETE Ober
1< b OK *
1> c LIST "" "Ober*"
1< * LIST (\Noselect \HasChildren) "/" "Ober"
1< * LIST (\HasNoChildren) "/" "Ober/Unter"
1< c OK *
1> d SELECT Ober
1< d NO *
1> e DELETE Ober
1< e NO [HASCHILDREN] *
1> f CREATE Ober
1< f OK *
1> g SELECT Ober
1< g OK *
