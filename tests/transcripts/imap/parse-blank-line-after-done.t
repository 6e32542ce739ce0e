# Client quirk: an empty line after DONE is no command
@login 1 anna
1> s SELECT INBOX
1< s OK *
1> a IDLE
1< + *
1> <raw> "DONE\r\n\r\nb NOOP\r\n"
1! * BAD*
1< a OK *
1< b OK *
