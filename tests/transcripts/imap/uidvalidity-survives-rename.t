# RFC 9051 §2.3.1.1, RFC 7162 §3.1.2: UIDVALIDITY, UIDs and mod-sequences stay through RENAME; a name that comes
# back has a higher UIDVALIDITY
@mail anna Archive 2
@login 1 anna
1> a STATUS Archive (UIDVALIDITY UIDNEXT HIGHESTMODSEQ MAILBOXID)
1< * STATUS "Archive" (UIDVALIDITY $validity UIDNEXT 3 HIGHESTMODSEQ $modseq MAILBOXID ($id))
1< a OK *
1> b RENAME Archive Alt/Archiv
1< b OK *
1> c STATUS Alt/Archiv (UIDVALIDITY UIDNEXT HIGHESTMODSEQ MAILBOXID)
1< * STATUS "Alt/Archiv" (UIDVALIDITY $validity UIDNEXT 3 HIGHESTMODSEQ $modseq MAILBOXID ($id))
1< c OK *
1> d SELECT Alt/Archiv (CONDSTORE)
1< * OK [UIDVALIDITY $validity] *
1< * OK [HIGHESTMODSEQ $modseq] *
1< d OK *
1> e FETCH 1:2 (UID)
1< * 1 FETCH (UID 1)
1< * 2 FETCH (UID 2)
1< e OK *
1> f CREATE Archive
1< f OK *
1> g STATUS Archive (UIDVALIDITY)
1! * STATUS "Archive" (UIDVALIDITY $validity)
1< * STATUS "Archive" (UIDVALIDITY $other)
1< g OK *
