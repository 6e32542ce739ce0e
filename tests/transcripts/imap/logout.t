# RFC 9051 §6.1.3: BYE, then the tagged OK, then the server closes
@login 1 anna
1> a LOGOUT
1< * BYE *
1< a OK *
<close 1>
