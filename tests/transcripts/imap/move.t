# RFC 9051 §6.4.8: COPYUID untagged, EXPUNGE, then OK
@mail anna INBOX 3
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b UID MOVE 1,3 Trash
1! * * FETCH *
1< * OK [COPYUID $validity 1,3 1:2] *
1< * 3 EXPUNGE
1< * 1 EXPUNGE
1< b OK *
1> c FETCH 1:* (UID)
1< * 1 FETCH (UID 2)
1< c OK *
1> d MOVE 1 "no such"
1< d NO [TRYCREATE] *
1> e STATUS Trash (MESSAGES)
1< * STATUS "Trash" (MESSAGES 2)
1< e OK *
# Nothing is moved, nothing is said
1> f UID MOVE 99 Trash
1! * OK [COPYUID *
1! * * EXPUNGE
1< f OK *
# RFC 6851 §3.3: to the selected mailbox, as COPY; §4.4: with mod-sequences the highest one
1> g ENABLE CONDSTORE
1< g OK *
1> h MOVE 1 INBOX
1< * OK [COPYUID * 2 4] *
1< * 1 EXPUNGE
1< h OK [HIGHESTMODSEQ $high] *
1> i FETCH 1 (UID MODSEQ)
1< * 1 FETCH (UID 4 MODSEQ (*))
1< i OK *
