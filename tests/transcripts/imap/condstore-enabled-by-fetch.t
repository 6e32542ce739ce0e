# RFC 7162 §3.1.2: the first command that asks for mod-sequences turns them on, and HIGHESTMODSEQ is told
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b FETCH 1 (MODSEQ)
1< * OK [HIGHESTMODSEQ $high] *
1< * 1 FETCH (MODSEQ ($modseq))
1< b OK *
1> c STORE 1 +FLAGS (\Seen)
1< * 1 FETCH (UID 1 FLAGS (\Seen \Recent) MODSEQ (*))
1< c OK *
