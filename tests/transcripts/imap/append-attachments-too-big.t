# R18, R25, RFC 7889: a draft obeys the practice's own limit on decoded attachments, in any folder; nothing of a
# refused one stays, and APPENDLIMIT says what the limit comes to on the wire
@limit attachments anna 30
@login 1 anna
1> a STATUS Drafts (APPENDLIMIT)
1< * STATUS "Drafts" (APPENDLIMIT 4194346)
1< a OK *
1> b CAPABILITY
1< * CAPABILITY * APPENDLIMIT=4194346*
1< b OK *
1> c APPEND Drafts {4194347}
1< c NO [TOOBIG] *
1! + *
1> d APPEND Drafts {lit}
<<<
Subject: Entwurf
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b

Der Text selbst darf so lang sein, wie er will
--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="a.bin"
Content-Transfer-Encoding: base64

MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA==
--b--
>>>
1< d NO [TOOBIG] All attachments of a message together may have at most 30 bytes; *
1> e APPEND Archive {lit}
<<<
Subject: Entwurf
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b

Der Text selbst darf so lang sein, wie er will
--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="a.bin"
Content-Transfer-Encoding: base64

MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA==
--b--
>>>
1< e NO [TOOBIG] *
1> f APPEND Drafts {lit}
<<<
Subject: Entwurf
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b

Der Text selbst darf so lang sein, wie er will
--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="a.bin"
Content-Transfer-Encoding: base64

MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5
--b--
>>>
1< f OK [APPENDUID $validity 1] *
1> g STATUS Drafts (MESSAGES UIDNEXT)
1< * STATUS "Drafts" (MESSAGES 1 UIDNEXT 2)
1< g OK *
# Another practice has its own.
@login 2 carla
2> a STATUS Drafts (APPENDLIMIT)
2! * STATUS "Drafts" (APPENDLIMIT 4194346)
2< a OK *
