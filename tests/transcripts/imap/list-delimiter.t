# RFC 9051 §6.3.9: an empty pattern asks for the delimiter
@login 1 anna
1> a LIST "" ""
1< * LIST (\Noselect) "/" ""
1< a OK *
