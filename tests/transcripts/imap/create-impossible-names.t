# RFC 5530 §3: names that can never be
@login 1 anna
1> a CREATE "a//b"
1< a NO [CANNOT] *
1> b CREATE "a%b"
1< b NO [CANNOT] *
1> c CREATE ""
1< c NO [CANNOT] *
