# RFC 5465 §5.4, §5.5: names that others make, rename, remove, subscribe; OLDNAME; never the session's own doing
@login 1 anna
@login 2 anna
1> a NOTIFY SET (PERSONAL (MailboxName SubscriptionChange))
1< a OK *
2> a CREATE Akten
2< a OK *
1< * LIST (\HasNoChildren) "/" "Akten"
2> b SUBSCRIBE Akten
2< b OK *
1< * LIST (\HasNoChildren \Subscribed) "/" "Akten"
# The parent changed with its first child
2> c CREATE Akten/2024
2< c OK *
1< * LIST (\HasNoChildren) "/" "Akten/2024"
1< * LIST (\HasChildren \Subscribed) "/" "Akten"
# What is below goes along without a word
2> d RENAME Akten Ablage
2< d OK *
1! * LIST * "Ablage/2024"*
1< * LIST (\HasChildren) "/" "Ablage" ("OLDNAME" ("Akten"))
1> b NOOP
1! * LIST * "Ablage/2024"*
1< b OK *
2> e UNSUBSCRIBE Akten
2< e OK *
1< * LIST (\NonExistent) "/" "Akten"
2> f DELETE Ablage/2024
2< f OK *
1< * LIST (\NonExistent) "/" "Ablage/2024"
1< * LIST (\HasNoChildren) "/" "Ablage"
2> g DELETE Ablage
2< g OK *
1< * LIST (\NonExistent) "/" "Ablage"
# Its own
1> c CREATE Eigen/Tief
1! * LIST *
1< c OK *
1> d RENAME Eigen Mein
1! * LIST *
1< d OK *
1> e SUBSCRIBE Mein
1! * LIST *
1< e OK *
1> f UNSUBSCRIBE Mein
1! * LIST *
1< f OK *
1> g DELETE Mein/Tief
1! * LIST *
1< g OK *
1> h NOOP
1! * LIST *
1< h OK *
# Not asked for, not told
1> i NOTIFY SET (SUBTREE Mein (MailboxName))
1< i OK *
2> h CREATE Fern
2< h OK *
2> i SUBSCRIBE Mein
2< i OK *
2> j CREATE Mein/Nah
2< j OK *
1! * LIST * "Fern"*
1< * LIST (\HasNoChildren) "/" "Mein/Nah"
1> j NOTIFY NONE
1< j OK *
2> k CREATE Weg
2< k OK *
1> k NOOP
1! * LIST *
1< k OK *
