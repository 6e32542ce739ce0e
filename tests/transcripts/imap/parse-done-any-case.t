# RFC 9051 §9: keywords in any case, DONE too
@login 1 anna
1> s select inbox
1< s OK *
1> a idle
1< + *
1> <raw> "dOnE\r\n"
1< a OK *
1> b Uid fEtCh 1:* (fLaGs)
1< b OK *
