# RFC 9051 §6.4, RFC 3691, RFC 4315, RFC 6851, RFC 5182: what needs a selected mailbox is BAD without one
@login 1 anna
1> a0 UNSELECT
1< a0 BAD *
1> a1 CLOSE
1< a1 BAD *
1> a2 CHECK
1< a2 BAD *
1> a3 EXPUNGE
1< a3 BAD *
1> a4 UID EXPUNGE 1
1< a4 BAD *
1> a5 SEARCH ALL
1< a5 BAD *
1> a6 UID SEARCH RETURN (SAVE) ALL
1< a6 BAD *
1> a7 FETCH 1 FLAGS
1< a7 BAD *
1> a8 UID FETCH 1 BINARY[1]
1< a8 BAD *
1> a9 STORE 1 +FLAGS (\Seen)
1< a9 BAD *
1> a10 COPY 1 Archive
1< a10 BAD *
1> a11 MOVE 1 Archive
1< a11 BAD *
1> a12 UID MOVE $ Archive
1< a12 BAD *
1> z SELECT INBOX
1< z OK *
