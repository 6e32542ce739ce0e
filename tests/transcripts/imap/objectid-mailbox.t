# RFC 8474 §4: MAILBOXID in CREATE, SELECT, EXAMINE, STATUS and LIST; it stays through RENAME and is new after DELETE
@login 1 anna
1> a CREATE Befunde
1< a OK [MAILBOXID ($befunde)] *
1> b CREATE Befunde/Alt
1< b OK [MAILBOXID ($alt)] *
1> c STATUS Befunde (MAILBOXID MESSAGES)
1< * STATUS "Befunde" (MAILBOXID ($befunde) MESSAGES 0)
1< c OK *
1> d SELECT Befunde
1< * OK [MAILBOXID ($befunde)] *
1< d OK *
1> e EXAMINE Befunde
1< * OK [MAILBOXID ($befunde)] *
1< e OK *
1> f RENAME Befunde Archiv2
1< f OK *
1> g LIST "" "Archiv2*" RETURN (STATUS (MAILBOXID))
1< * STATUS "Archiv2" (MAILBOXID ($befunde))
1< * STATUS "Archiv2/Alt" (MAILBOXID ($alt))
1< g OK *
1> h UNSELECT
1< h OK *
1> i DELETE Archiv2/Alt
1< i OK *
1> j CREATE Archiv2/Alt
1! j OK [MAILBOXID ($alt)] *
1< j OK [MAILBOXID (*)] *
1> k CREATE Archiv2
1< k NO [ALREADYEXISTS] *
# RENAME of INBOX makes a new mailbox and leaves INBOX what it was
1> l STATUS INBOX (MAILBOXID)
1< * STATUS "INBOX" (MAILBOXID ($inbox))
1< l OK *
1> m RENAME INBOX Vorjahr
1< m OK *
1> n LIST "" (INBOX Vorjahr) RETURN (STATUS (MAILBOXID))
1! * STATUS "Vorjahr" (MAILBOXID ($inbox))
1< * STATUS "INBOX" (MAILBOXID ($inbox))
1< * STATUS "Vorjahr" (MAILBOXID (*))
1< n OK *
