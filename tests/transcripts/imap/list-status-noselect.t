# RFC 5819 §2, RFC 8438: a name that holds no messages has no STATUS; SIZE may be asked for like the others
@mail anna INBOX 1
@login 1 anna
1> a CREATE Ober/Unter
1< a OK *
1> b DELETE Ober
1< b OK *
1> c LIST "" ("Ober*" INBOX) RETURN (STATUS (MESSAGES SIZE))
1< * LIST (\Noselect \HasChildren) "/" "Ober"
1< * LIST (\HasNoChildren) "/" "Ober/Unter"
1< * STATUS "Ober/Unter" (MESSAGES 0 SIZE 0)
1< * STATUS "INBOX" (MESSAGES 1 SIZE $size)
1! * STATUS "Ober" *
1< c OK *
1> d STATUS Ober (SIZE)
1< d NO [NONEXISTENT] *
