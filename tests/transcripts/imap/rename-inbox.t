# RFC 9051 §6.3.6: renaming INBOX moves its messages and leaves it empty, children stay
@mail anna INBOX 2
@login 1 anna
1> a CREATE INBOX/Kind
1< a OK *
1> b RENAME INBOX Vorjahr
1< b OK *
1> c STATUS INBOX (MESSAGES)
1< * STATUS "INBOX" (MESSAGES 0)
1< c OK *
1> d STATUS Vorjahr (MESSAGES)
1< * STATUS "Vorjahr" (MESSAGES 2)
1< d OK *
1> e LIST "" "INBOX*"
1< * LIST (\HasChildren) "/" "INBOX"
1< * LIST (\HasNoChildren) "/" "INBOX/Kind"
1< e OK *
# However it is spelt, and in IMAP4rev2 too, nobody is told that INBOX is called otherwise now
1> f ENABLE IMAP4rev2
1< * ENABLED IMAP4rev2
1< f OK *
1> g RENAME inbox Alt
1< g OK *
