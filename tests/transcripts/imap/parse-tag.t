# RFC 9051 §2.2.1: without a tag the answer has none either
@login 1 anna
1> <raw> "+ NOOP\r\n"
1< * BAD *
1> <raw> " NOOP\r\n"
1< * BAD *
1> <raw> "\r\n"
1< * BAD *
1> <raw> "a(b NOOP\r\n"
1< * BAD *
1> <raw> "alone\r\n"
1< alone BAD *
1> <raw> "a]b NOOP\r\n"
1< a]b OK *
