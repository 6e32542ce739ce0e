# R11: nobody sees another's mail
@mail anna INBOX 1
@login 1 bert
1> a SELECT INBOX
1< * 0 EXISTS
1< a OK *
