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
# §4.1.2: the mailbox need not be there
1> e GETQUOTAROOT "Noch nicht"
1< * QUOTAROOT "Noch nicht" ""
1< * QUOTA "" (STORAGE *
1< e OK *
# §4.1.4: what EXPUNGE would free; RFC 7889 §3.2: APPENDLIMIT by LIST too
1> f SELECT INBOX
1< f OK *
1> g FETCH 1 RFC822.SIZE
1< * 1 FETCH (RFC822.SIZE $size)
1< g OK *
1> h LIST "" INBOX RETURN (STATUS (DELETED DELETED-STORAGE APPENDLIMIT))
1< * STATUS "INBOX" (DELETED 0 DELETED-STORAGE 0 APPENDLIMIT $limit2)
1< h OK *
1> i STORE 1 +FLAGS.SILENT (\Deleted)
1< i OK *
1> j STATUS INBOX (DELETED DELETED-STORAGE)
1< * STATUS "INBOX" (DELETED 1 DELETED-STORAGE $size)
1< j OK *
# §5.2: the number of messages is exact, and a copy is one
1> k COPY 1 Archive
1< k OK *
1> l GETQUOTA ""
1< * QUOTA "" (STORAGE 1 * MESSAGE 2 $messages)
1< l OK *
1> m EXPUNGE
1< m OK *
1> n GETQUOTA ""
1< * QUOTA "" (STORAGE 1 * MESSAGE 1 $messages)
1< n OK *
1> o CAPABILITY
1! * CAPABILITY * QUOTASET*
1< * CAPABILITY * QUOTA=RES-STORAGE QUOTA=RES-MESSAGE*
1< o OK *
