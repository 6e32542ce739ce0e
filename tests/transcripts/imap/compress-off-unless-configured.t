# RFC 4978: not offered, not done
@login 1 anna
1> a CAPABILITY
1! * CAPABILITY *COMPRESS*
1< a OK *
1> b COMPRESS DEFLATE
1< b NO [CANNOT] *
1> c NOOP
1< c OK *
