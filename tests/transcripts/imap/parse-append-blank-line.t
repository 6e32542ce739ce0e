# Client quirk: an empty line after an appended message is no command
@login 1 anna
1> <raw> "a APPEND Archive {14+}\r\nSubject: x\r\n\r\n\r\n\r\nb NOOP\r\n"
1! * BAD*
1< a OK *
1< b OK *
