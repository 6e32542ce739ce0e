# Outlook: LOGIN with quotes, spaces too many, the tag of ESEARCH quoted, STATUS of the selected mailbox
@connect 1 imap-tls
1< * OK *
1> a LOGIN "${anna.secure}" "${anna.password}"
1< a OK *
1> b  SELECT  "INBOX"
1< b OK *
1> c UID  SEARCH RETURN (ALL)  1:*
1< * ESEARCH (TAG "c") UID
1< c OK *
1> d STATUS "INBOX" (MESSAGES)
1< * STATUS "INBOX" (MESSAGES 0)
1< d OK *
1> e LIST "" ""
1< * LIST (\Noselect) "/" ""
1< e OK *
