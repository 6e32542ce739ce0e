# RFC 9051 §7.1.3: what is not understood is BAD, and the session goes on
@login 1 anna
1> a XYZZY
1< a BAD *
1> b SELECT
1< b BAD *
1> c NOOP
1< c OK *
