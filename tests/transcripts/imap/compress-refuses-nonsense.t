# RFC 4978: an unknown algorithm is BAD
@login 1 anna
1> a COMPRESS LZMA
1< a BAD *
1> b NOOP
1< b OK *
