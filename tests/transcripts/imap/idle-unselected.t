# RFC 2177: IDLE needs no selected mailbox
@login 1 anna
1> a IDLE
1< + *
1> DONE
1< a OK *
