# RFC 9051 §6.4.4: FROM, TO, CC, BCC: names decoded, quotes and comments in no one's way
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
From: "Weber, Anna" <anna@x.example>
To: =?utf-8?Q?J=C3=BCrgen_Br=C3=A4uer?= <j@y.example>,
 office (Frau Klug) <o@z.example>
Cc: team: m1@x.example, m2@x.example;
Bcc: quiet@x.example

x
>>>
1< a OK *
1> s SELECT INBOX
1< s OK *
1> b SEARCH FROM "weber, anna"
1< * SEARCH 1
1< b OK *
1> c SEARCH FROM "Anna <anna@"
1< * SEARCH 1
1< c OK *
1> d SEARCH FROM anna@X.example
1< * SEARCH 1
1< d OK *
1> e SEARCH TO o@z.example
1< * SEARCH 1
1< e OK *
1> f SEARCH TO klug
1< * SEARCH 1
1< f OK *
1> g SEARCH CC m2
1< * SEARCH 1
1< g OK *
1> h SEARCH BCC quiet
1< * SEARCH 1
1< h OK *
1> i SEARCH TO quiet
1< * SEARCH
1< i OK *
1> j SEARCH FROM y.example
1< * SEARCH
1< j OK *
1> <raw> "k SEARCH CHARSET UTF-8 TO {15+}\r\nJ\xc3\x9cRGEN BR\xc3\x84UER\r\n"
1< * SEARCH 1
1< k OK *
