# RFC 5465 §3.1, §5, §6.1, §8: what is BAD, and what the server says of events that it does not know
@connect 1 imap-tls
1< * OK *
1> 0 NOTIFY NONE
1< 0 BAD *
@login 2 anna
2> a NOTIFY
2< a BAD *
2> b NOTIFY FOO
2< b BAD *
2> c NOTIFY SET
2< c BAD *
2> d NOTIFY SET STATUS
2< d BAD *
2> e NOTIFY SET (FOO (MessageNew MessageExpunge))
2< e BAD *
2> f NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (SELECTED-DELAYED (MessageNew MessageExpunge))
2< f BAD *
2> g NOTIFY SET (INBOXES (MessageNew MessageExpunge)) (inboxes (MessageNew MessageExpunge FlagChange))
2< g BAD *
2> h NOTIFY SET (SELECTED (MessageNew))
2< h BAD *
2> i NOTIFY SET (PERSONAL (MessageExpunge))
2< i BAD *
2> j NOTIFY SET (PERSONAL (FlagChange))
2< j BAD *
2> k NOTIFY SET (PERSONAL (MessageExpunge FlagChange))
2< k BAD *
2> l NOTIFY SET (SELECTED (MessageNew MessageExpunge MailboxName))
2< l BAD *
2> m NOTIFY SET (MAILBOXES () (MessageNew MessageExpunge))
2< m BAD *
2> n NOTIFY SET (PERSONAL (MessageNew (UID FLAGS) MessageExpunge))
2< n BAD *
2> o NOTIFY SET (SELECTED (MessageNew (FOO) MessageExpunge))
2< o BAD *
2> p NOTIFY SET (PERSONAL ())
2< p BAD *
2> q NOTIFY SET (PERSONAL MessageNew)
2< q BAD *
2> r NOTIFY SET (PERSONAL (MailboxName)
2< r BAD *
2> s NOTIFY SET (PERSONAL (MessageNew MessageExpunge AnnotationChange))
2< s NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)] *
@login 3 anna
3> a NOTIFY SET (INBOXES (MessageNew MessageExpunge Foo))
3< a NO [BADEVENT (*)] *
# Names that nobody has are ignored; too many are more than the server watches
3> b NOTIFY SET (MAILBOXES (Nirgends INBOX) (MessageNew MessageExpunge)) (SUBTREE Nirgends (MailboxName))
3< b OK *
3> c NOTIFY SET (MAILBOXES (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A23 A24 A25 A26 A27 A28 A29 A30 A31 A32 A33 A34 A35 A36 A37 A38 A39 A40 A41 A42 A43 A44 A45 A46 A47 A48 A49 A50 A51 A52 A53 A54 A55 A56 A57 A58 A59 A60 A61 A62 A63 A64 A65 A66 A67 A68 A69 A70 A71 A72 A73 A74 A75 A76 A77 A78 A79 A80 A81 A82 A83 A84 A85 A86 A87 A88 A89 A90 A91 A92 A93 A94 A95 A96 A97 A98 A99 A100 A101) (MessageNew MessageExpunge))
3< c NO [NOTIFICATIONOVERFLOW] *
# Words in any case
3> d notify set status (subtree-one INBOX (messagenew MESSAGEEXPUNGE flagchange mailboxname subscriptionchange mailboxmetadatachange servermetadatachange)) (selected none)
3< d OK *
3> e NOTIFY NONE
3< e OK *
