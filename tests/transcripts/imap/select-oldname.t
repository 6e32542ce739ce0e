# RFC 9051 §6.3.2, §6.3.4 to §6.3.6, §6.3.9.7: the LIST of SELECT has the name's attributes, and OLDNAME where the client
# spelled the name in another way; only once IMAP4rev2 is enabled
@login 1 anna
1> a CREATE Akten/Alt
1< a OK *
1> b SELECT inbox
1! * LIST *
1< b OK *
1> c ENABLE IMAP4rev2
1< c OK *
1> d SELECT inbox
1< * LIST (\HasNoChildren) "/" "INBOX" ("OLDNAME" ("inbox"))
1< d OK *
1> e EXAMINE "INBOX"
1! * LIST * (*OLDNAME*
1< * LIST (\HasNoChildren) "/" "INBOX"
1< e OK [READ-ONLY] *
1> f SELECT Akten
1< * LIST (\HasChildren) "/" "Akten"
1< f OK *
1> g SELECT Drafts
1< * LIST (\HasNoChildren \Drafts) "/" "Drafts"
1< g OK *
# Decomposed: U and a combining diaeresis
1> <raw> "h CREATE \"U\xcc\x88ber\"\r\n"
1< * LIST (\HasNoChildren) "/" "Über" ("OLDNAME" ("Über"))
1< h OK [MAILBOXID *
1> <raw> "i SELECT \"U\xcc\x88ber\"\r\n"
1< * LIST (\HasNoChildren) "/" "Über" ("OLDNAME" ("Über"))
1< i OK *
1> <raw> "j SELECT \"\xc3\x9cber\"\r\n"
1! * LIST * (*OLDNAME*
1< * LIST (\HasNoChildren) "/" "Über"
1< j OK *
1> k CREATE Neu/
1! * LIST *
1< k OK *
# RENAME: the name it had, as the client spelled it, where either name is spelled in another way
1> <raw> "l RENAME \"U\xcc\x88ber\" Unter\r\n"
1< * LIST (\HasNoChildren) "/" "Unter" ("OLDNAME" ("Über"))
1< l OK *
1> <raw> "m RENAME Unter \"O\xcc\x88ffnen\"\r\n"
1< * LIST (\HasNoChildren) "/" "Öffnen" ("OLDNAME" ("Unter"))
1< m OK *
1> n RENAME "Öffnen" "Hören"
1! * LIST *
1< n OK *
1> <raw> "o RENAME \"Nirgendwo\" \"O\xcc\x88l\"\r\n"
1! * LIST *
1< o NO [NONEXISTENT] *
# DELETE: what is left of the name
1> p CREATE "Hören/Sehen"
1< p OK *
1> <raw> "q DELETE \"Ho\xcc\x88ren\"\r\n"
1< * LIST (\Noselect \HasChildren) "/" "Hören" ("OLDNAME" ("Hören"))
1< q OK *
1> <raw> "r DELETE \"Ho\xcc\x88ren/Sehen\"\r\n"
1< * LIST (\NonExistent \HasNoChildren) "/" "Hören/Sehen" ("OLDNAME" ("Hören/Sehen"))
1< r OK *
1> s DELETE "Hören"
1! * LIST *
1< s OK *
