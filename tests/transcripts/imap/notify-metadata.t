# RFC 5465 §5.6, §5.7, RFC 5464 §4.4.2: notes that others change are told by name, without ENABLE
@login 1 anna
@login 2 anna
1> a NOTIFY SET (MAILBOXES INBOX (MailboxMetadataChange)) (PERSONAL (ServerMetadataChange))
1< a OK *
2> a SETMETADATA INBOX (/private/comment "x" /shared/comment "y")
2< a OK *
1< * METADATA "INBOX" /private/comment /shared/comment
2> b SETMETADATA INBOX (/private/comment NIL)
2< b OK *
1! * METADATA "INBOX" * /shared/comment*
1< * METADATA "INBOX" /private/comment
2> c SETMETADATA "" (/private/vendor/x/y "z")
2< c OK *
1< * METADATA "" /private/vendor/x/y
# Another mailbox; the same value again; the session's own
2> d SETMETADATA Trash (/private/comment "x")
2< d OK *
2> e SETMETADATA INBOX (/shared/comment "y")
2< e OK *
1> b SETMETADATA INBOX (/private/comment "mein")
1! * METADATA *
1< b OK *
1> c NOOP
1! * METADATA *
1< c OK *
