# RFC 2971 §3.3, RFC 5161: limits and grammar of ID and ENABLE
@login 1 anna
1> a ID
1< a BAD *
1> b ID ("name")
1< b BAD *
1> c ID ("n0" NIL "n1" NIL "n2" NIL "n3" NIL "n4" NIL "n5" NIL "n6" NIL "n7" NIL "n8" NIL "n9" NIL "n10" NIL "n11" NIL "n12" NIL "n13" NIL "n14" NIL "n15" NIL "n16" NIL "n17" NIL "n18" NIL "n19" NIL "n20" NIL "n21" NIL "n22" NIL "n23" NIL "n24" NIL "n25" NIL "n26" NIL "n27" NIL "n28" NIL "n29" NIL "n30" NIL)
1< c BAD *
1> d ID ("name" "x" "version" NIL)
1< * ID *
1< d OK *
1> e ID NIL
1< * ID *
1< e OK *
1> f ENABLE
1< f BAD *
1> g ENABLE X-NOBODY-KNOWS
1< g OK *
1> h COMPRESS GZIP
1< h *
