# RFC 9208 §4.3.1, R20: where Support set a cap, what goes beyond it is refused before it is sent, and COPY too
@mail anna INBOX 3
@limit storage anna 1024
@login 1 anna
1> a GETQUOTA ""
1< * QUOTA "" (STORAGE 1 1 MESSAGE 3 $messages)
1< a OK *
1> b APPEND INBOX {5000}
1< b NO [OVERQUOTA] *
1! + *
1> c SELECT INBOX
1< c OK *
1> d COPY 1:3 Archive
1< d NO [OVERQUOTA] *
1> e STATUS Archive (MESSAGES)
1< * STATUS "Archive" (MESSAGES 0)
1< e OK *
# What only changes its place needs no room.
1> f MOVE 1:3 Archive
1< f OK *
