# RFC 5161 §3.1: unknown extensions are ignored, what is on already is not named again
@login 1 anna
1> a ENABLE X-NONE CONDSTORE
1< * ENABLED CONDSTORE
1< a OK *
1> b ENABLE CONDSTORE
1< * ENABLED
1< b OK *
