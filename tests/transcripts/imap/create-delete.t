# RFC 9051 §6.3.4, §6.3.5
@login 1 anna
1> a CREATE Patienten
1< a OK *
1> b CREATE Patienten
1< b NO [ALREADYEXISTS] *
1> c LIST "" Patienten
1< * LIST (\HasNoChildren) "/" "Patienten"
1< c OK *
1> d DELETE Patienten
1< d OK *
1> e DELETE Patienten
1< e NO [NONEXISTENT] *
1> f LIST "" Patienten
1! * LIST *
1< f OK *
