# RFC 9051 §6.4.7, RFC 4315 §3: COPYUID; flags and dates go along
@mail anna INBOX 3
@login 1 anna
1> a SELECT INBOX
1< a OK *
1> b STORE 1 +FLAGS.SILENT (\Flagged $Rot)
1< b OK *
1> c COPY 1,3 Archive
1< c OK [COPYUID $validity 1,3 1:2] *
1> d SELECT Archive
1< * 2 EXISTS
1< d OK *
1> e FETCH 1 (FLAGS INTERNALDATE)
1< * 1 FETCH (FLAGS (\Flagged * $Rot) INTERNALDATE " 7-Sep-2026 08:01:00 +0000")
1< e OK *
1> f UID COPY 1 "no such"
1< f NO [TRYCREATE] *
1> g UID COPY 99 INBOX
1! g OK [COPYUID *
1< g OK *
