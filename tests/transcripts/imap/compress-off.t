# RFC 4978: not offered unless the operator turns it on, and then refused, not ignored
@login 1 anna
1> a CAPABILITY
1! * CAPABILITY * COMPRESS=DEFLATE*
1< * CAPABILITY *
1< a OK *
1> b COMPRESS DEFLATE
1< b NO [CANNOT] *
1> c NOOP
1< c OK *
