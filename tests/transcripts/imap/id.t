# RFC 2971 §3: ID is answered in every state
@connect 1 imap-tls
1< * OK *
1> a ID NIL
1< * ID ("name" "postern" *)
1< a OK *
1> b ID ("name" "Thunderbird" "version" "153.7.0")
1< * ID *
1< b OK *
