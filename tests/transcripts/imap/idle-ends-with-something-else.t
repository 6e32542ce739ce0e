# RFC 9051 §6.3.13: only DONE ends IDLE well
@login 1 anna
1> a IDLE
1< + *
1> b NOOP
1< a BAD *
1> c NOOP
1< c OK *
