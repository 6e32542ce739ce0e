# RFC 9051 §7.1: a mailbox that can have no further keyword says so by PERMANENTFLAGS without \*, at once and at SELECT
@mail anna INBOX 1
@login 1 anna
@login 2 anna
1> a SELECT INBOX
1< * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \\*)] *
1< a OK *
2> a EXAMINE INBOX
2< * OK [PERMANENTFLAGS ()] *
2< a OK *
1> b STORE 1 +FLAGS.SILENT (k1 k2 k3 k4 k5 k6 k7 k8 k9 k10 k11 k12 k13 k14 k15 k16 k17 k18 k19 k20 k21 k22 k23 k24 k25 k26 k27 k28 k29 k30 k31 k32 k33 k34 k35 k36 k37 k38 k39 k40 k41 k42 k43 k44 k45 k46 k47 k48 k49 k50 k51 k52 k53 k54)
1< * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft k1 * k54 \\*)] *
1< * FLAGS (\Answered \Flagged \Deleted \Seen \Draft * k54)
1< b OK *
1> c STORE 1 +FLAGS.SILENT (k55)
1! * OK [PERMANENTFLAGS * \\*)] *
1< * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft k1 * k55)] *
1< c OK *
1> d STORE 1 +FLAGS (k56)
1< d NO [LIMIT] *
2> b NOOP
2! * OK [PERMANENTFLAGS *
2< * FLAGS (* k55)
2< b OK *
1> e SELECT INBOX
1! * OK [PERMANENTFLAGS * \\*)] *
1< * OK [PERMANENTFLAGS (* k55)] *
1< e OK *
