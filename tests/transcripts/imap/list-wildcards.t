# RFC 9051 §6.3.9: % stays within a level, * does not; INBOX matches in any case
@login 1 anna
1> a CREATE foo/bar/baz
1< a OK *
1> b LIST "" "foo/%"
1< * LIST (\HasChildren) "/" "foo/bar"
1! * LIST * "foo/bar/baz"
1! * LIST * "foo"
1< b OK *
1> c LIST "foo/" "*"
1< * LIST * "/" "foo/bar"
1< * LIST * "/" "foo/bar/baz"
1< c OK *
1> d LIST "" "%"
1< * LIST * "/" "foo"
1< * LIST * "/" "INBOX"
1! * LIST * "foo/bar"
1< d OK *
1> e LIST "" "inbox"
1< * LIST * "/" "INBOX"
1< e OK *
1> f LIST "" "i%"
1< * LIST * "/" "INBOX"
1< f OK *
1> g CREATE inbox/kid
1< g OK *
1> h LIST "in" "*x/k%"
1! * LIST * "INBOX"
1< * LIST * "/" "INBOX/kid"
1< h OK *
1> i LIST "" "inbox/K%"
1! * LIST *
1< i OK *
1> j LIST "" "F%"
1! * LIST *
1< j OK *
