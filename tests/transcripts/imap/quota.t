# RFC 9208: one root, usage told (R20)
@mail anna INBOX 1
@login 1 anna
1> a GETQUOTAROOT INBOX
1< * QUOTAROOT "INBOX" ""
1< * QUOTA "" (STORAGE 1 $limit MESSAGE 1 $messages)
1< a OK *
1> b GETQUOTA ""
1< * QUOTA "" (STORAGE *
1< b OK *
1> c GETQUOTA "other"
1< c NO [NONEXISTENT] *
1> d SETQUOTA "" (STORAGE 1)
1< d NO [NOPERM] *
