# TRACE.md: INBOX, Sent, Drafts, Trash, Junk, Archive are there from the start, subscribed and marked
@login 1 anna
1> a LIST (SUBSCRIBED) "" "*" RETURN (SPECIAL-USE)
1< * LIST (\HasNoChildren \Subscribed \Sent) "/" "Sent"
1< * LIST (\HasNoChildren \Subscribed \Drafts) "/" "Drafts"
1< * LIST (\HasNoChildren \Subscribed \Trash) "/" "Trash"
1< * LIST (\HasNoChildren \Subscribed \Junk) "/" "Junk"
1< * LIST (\HasNoChildren \Subscribed \Archive) "/" "Archive"
1< a OK *
1> b LIST "" "*"
1< * LIST (\HasNoChildren \Sent) "/" "Sent"
1< * LIST (\HasNoChildren) "/" "INBOX"
1< b OK *
1> c LSUB "" "*"
1< * LSUB () "/" "Sent"
1< * LSUB () "/" "Archive"
1< c OK *
