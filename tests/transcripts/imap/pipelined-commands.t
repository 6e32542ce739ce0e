# RFC 9051 §5.5: pipelined commands are answered in order
@login 1 anna
@mail anna INBOX 2
1> <raw> "a SELECT INBOX\r\nb UID FETCH 1 FLAGS\r\nc NOOP\r\nd CLOSE\r\n"
1< a OK *
1< * 1 FETCH (UID 1 FLAGS *
1< b OK *
1< c OK *
1< d OK *
