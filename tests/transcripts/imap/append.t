# RFC 9051 §6.3.12, RFC 4315: APPENDUID, flags, date; the selected mailbox hears of it
@login 1 anna
1> a SELECT Drafts
1< * 0 EXISTS
1< a OK *
1> b APPEND Drafts (\Draft $Wichtig) "07-Sep-2026 10:00:00 +0200" {lit}
<<<
Subject: Entwurf

Text
>>>
1< * 1 EXISTS
1< b OK [APPENDUID $validity 1] *
1> c FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)
1< * FLAGS (*$Wichtig)
1< * 1 FETCH (FLAGS (\Draft \Recent $Wichtig) INTERNALDATE " 7-Sep-2026 08:00:00 +0000" RFC822.SIZE 26)
1< c OK *
1> d FETCH 1 BODY.PEEK[]
1< * 1 FETCH (BODY[] {26}*Subject: Entwurf*Text*)
1< d OK *
