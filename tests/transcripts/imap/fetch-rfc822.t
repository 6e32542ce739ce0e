# RFC 3501 §6.4.5: RFC822, RFC822.HEADER, RFC822.SIZE
@mail anna INBOX 1
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b FETCH 1 RFC822.HEADER
1< * 1 FETCH (RFC822.HEADER {*Subject: Message 1*)
1! * 1 FETCH *FLAGS*
1< b OK *
1> c FETCH 1 (RFC822.SIZE RFC822)
1< * 1 FETCH (RFC822.SIZE $size RFC822 {$size}*This is message 1.* FLAGS (\Seen \Recent))
1< c OK *
