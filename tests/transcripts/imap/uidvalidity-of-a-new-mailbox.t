# RFC 9051 §2.3.1.1: a mailbox of the same name made anew has another UIDVALIDITY
@login 1 anna
1> a CREATE X
1< a OK *
1> b STATUS X (UIDVALIDITY)
1< * STATUS "X" (UIDVALIDITY $first)
1< b OK *
1> c DELETE X
1< c OK *
1> d CREATE X
1< d OK *
1> e STATUS X (UIDVALIDITY)
1! * STATUS "X" (UIDVALIDITY $first)
1< e OK *
