# RFC 5161 §3.1: unknown extensions are ignored, what was named already is not named again
@login 1 anna
1> a ENABLE X-NONE CONDSTORE
1< * ENABLED CONDSTORE
1< a OK *
1> b ENABLE CONDSTORE
1< * ENABLED
1< b OK *
@login 2 anna
# RFC 7162 §3.2.3: in either order; CONDSTORE also when something else has turned it on
2> b ENABLE QRESYNC CONDSTORE
2< * ENABLED QRESYNC CONDSTORE
2< b OK *
@login 3 anna
3> a STATUS INBOX (HIGHESTMODSEQ)
3< a OK *
3> b ENABLE CONDSTORE QRESYNC
3< * ENABLED CONDSTORE QRESYNC
3< b OK *
3> c ENABLE QRESYNC
3! * ENABLED QRESYNC*
3< * ENABLED
3< c OK *
# What cannot be enabled is ignored, known or not; words in any case
3> d ENABLE idle metadata uidplus condstore imap4REV2
3! * ENABLED *IDLE*
3! * ENABLED *METADATA*
3< * ENABLED IMAP4rev2
3< d OK *
