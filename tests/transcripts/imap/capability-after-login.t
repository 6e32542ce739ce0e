# RFC 9051 §6.2.3: the capabilities after sign-in come with the tagged OK
@connect 1 imap-tls
1< * OK *
1> a LOGIN "${anna.secure}" "${anna.password}"
1< a OK [CAPABILITY IMAP4rev1 IMAP4rev2 * UIDPLUS MOVE * CONDSTORE *] *
1! * CAPABILITY *
1> b CAPABILITY
1< * CAPABILITY * QUOTA=RES-STORAGE * APPENDLIMIT=*
1! * CAPABILITY *AUTH=*
1< b OK *
