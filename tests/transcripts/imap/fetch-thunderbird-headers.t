# TRACE.md: what Thunderbird asks when it opens a folder
@mail anna INBOX 2
@login 1 anna
1> 1 select "INBOX"
1< 1 OK *
1> 2 UID fetch 1:* (FLAGS)
1< * 1 FETCH (UID 1 FLAGS (\Recent))
1< * 2 FETCH (UID 2 FLAGS (\Recent))
1< 2 OK *
1> 3 UID fetch 1:2 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To Received)])
1< * 1 FETCH (UID 1 RFC822.SIZE * FLAGS (\Recent) BODY[HEADER.FIELDS (From To Cc * Received)] {*Subject: Message 1*)
1< * 2 FETCH (UID 2 * {*Subject: Message 2*)
1< 3 OK *
1> 4 UID fetch 2 (UID BODY.PEEK[HEADER.FIELDS (Content-Type Content-Transfer-Encoding)] BODY.PEEK[TEXT]<0.2048>)
1< * 2 FETCH (UID 2 BODY[HEADER.FIELDS (Content-Type Content-Transfer-Encoding)] {2}* BODY[TEXT]<0> {20}*This is message 2.*)
1< 4 OK *
