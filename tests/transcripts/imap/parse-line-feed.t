# Robustness: a lone LF ends a line too
@login 1 anna
1> <raw> "a NOOP\nb NOOP\n"
1< a OK *
1< b OK *
