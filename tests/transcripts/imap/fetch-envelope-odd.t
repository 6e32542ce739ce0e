# RFC 9051 §7.5.2, RFC 5322: what ENVELOPE makes of headers as they come: groups, routes, comments, old forms,
# raw UTF-8; SENDER and REPLY-TO are FROM's where they are missing or empty; nothing is NIL that is there
@login 1 anna
1> a APPEND INBOX {lit+}
<<<
Message-ID: <msg@id.test>
In-Reply-To: <reply@to.test>
Date: Thu, 01 Feb 2007 01:02:03 +0200
Subject: subject header
From: From Real <fromuser@fromdomain.test>
To: To Real <touser@todomain.test>
Cc: Cc Real <ccuser@ccdomain.test>
Bcc: Bcc Real <bccuser@bccdomain.test>
Sender: Sender Real <senderuser@senderdomain.test>
Reply-To: ReplyTo Real <replytouser@replytodomain.test>

x
>>>
1< a OK *
1> b APPEND INBOX {lit+}
<<<
Date: Thu, 01 Feb 2007 01:02:03 +0200
From: user@domain.test (Real Name)
Sender:
Reply-To:
To: group: g1@d1.test, g2@d2.test;, group2: g3@d3.test;

x
>>>
1< b OK *
1> c APPEND INBOX {lit+}
<<<
From: <@route:user@domain.test>
To: undisclosed-recipients:;
Cc: "Müller, Ärztin" <m@d.test>, =?utf-8?Q?J=C3=BCrgen?= <j@d.test>
Subject: =?iso-8859-1?Q?Caf=E9?=
 zweite Zeile

x
>>>
1< c OK *
1> d APPEND INBOX {lit+}
<<<
From: "Quoted \"x\" Name" <a@b.test>, , <"a b"@c.test>, MAILER-DAEMON
Subject:

x
>>>
1< d OK *
1> e SELECT INBOX
1< e OK *
1> f FETCH 1 ENVELOPE
1< * 1 FETCH (ENVELOPE ("Thu, 01 Feb 2007 01:02:03 +0200" "subject header" (("From Real" NIL "fromuser" "fromdomain.test")) (("Sender Real" NIL "senderuser" "senderdomain.test")) (("ReplyTo Real" NIL "replytouser" "replytodomain.test")) (("To Real" NIL "touser" "todomain.test")) (("Cc Real" NIL "ccuser" "ccdomain.test")) (("Bcc Real" NIL "bccuser" "bccdomain.test")) "<reply@to.test>" "<msg@id.test>"))
1< f OK *
1> g FETCH 2 ENVELOPE
1< * 2 FETCH (ENVELOPE ("Thu, 01 Feb 2007 01:02:03 +0200" NIL (("Real Name" NIL "user" "domain.test")) (("Real Name" NIL "user" "domain.test")) (("Real Name" NIL "user" "domain.test")) ((NIL NIL "group" NIL)(NIL NIL "g1" "d1.test")(NIL NIL "g2" "d2.test")(NIL NIL NIL NIL)(NIL NIL "group2" NIL)(NIL NIL "g3" "d3.test")(NIL NIL NIL NIL)) NIL NIL NIL NIL))
1< g OK *
1> h FETCH 3 ENVELOPE
1< * 3 FETCH (ENVELOPE (NIL "=?iso-8859-1?Q?Caf=E9?= zweite Zeile" ((NIL "@route" "user" "domain.test")) * ((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL)) ((*Müller, Ärztin* NIL "m" "d.test")("=?utf-8?Q?J=C3=BCrgen?=" NIL "j" "d.test")) NIL NIL NIL))
1< h OK *
1> i FETCH 4 ENVELOPE
1< * 4 FETCH (ENVELOPE (NIL "" (("Quoted \"x\" Name" NIL "a" "b.test")(NIL NIL "a b" "c.test")(NIL NIL "MAILER-DAEMON" "")) *
1< i OK *
# Found by their addresses
1> j SEARCH TO group2
1< * SEARCH 2
1< j OK *
1> k SEARCH FROM "Real Name"
1< * SEARCH 2
1< k OK *
1> l SEARCH HEADER SENDER ""
1< * SEARCH 1 2
1< l OK *
1> m SEARCH NOT HEADER DATE ""
1< * SEARCH 3 4
1< m OK *
