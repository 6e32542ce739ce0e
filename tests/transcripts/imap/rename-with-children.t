# RFC 9051 §6.3.6: children move along, the names above are made
@login 1 anna
1> a CREATE Alt/Kind
1< a OK *
1> b RENAME Alt Neu/Hier
1< b OK *
1> c LIST "" "*"
1< * LIST (\HasChildren) "/" "Neu"
1< * LIST (\HasChildren) "/" "Neu/Hier"
1< * LIST (\HasNoChildren) "/" "Neu/Hier/Kind"
1! * LIST * "Alt*"
1< c OK *
1> d RENAME Alt Anders
1< d NO [NONEXISTENT] *
1> e RENAME Neu Sent
1< e NO [ALREADYEXISTS] *
1> f RENAME Neu Neu/Hier/Tiefer
1< f NO *
