# RFC 9051 §5.5: searches sent together are answered in order
@mail anna INBOX 2
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> <raw> "a SEARCH 1\r\nb UID SEARCH 2\r\nc SEARCH RETURN (COUNT) ALL\r\n"
1< * SEARCH 1
1< a OK *
1< * SEARCH 2
1< b OK *
1< * ESEARCH (TAG "c") COUNT 2
1< c OK *
