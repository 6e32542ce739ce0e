# RFC 2342: one personal namespace
@login 1 anna
1> a NAMESPACE
1< * NAMESPACE (("" "/")) NIL NIL
1< a OK *
