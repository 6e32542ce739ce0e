# RFC 9051 §6.3.4: INBOX is there, in any case
@login 1 anna
1> a CREATE inBox
1< a NO [ALREADYEXISTS] *
1> b DELETE inbox
1< b NO [CANNOT] *
