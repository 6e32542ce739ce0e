# R14: a message that its owner appended proves nothing; it is stored all the same
@login 1 frieda
1> a APPEND INBOX {lit+}
<<<
From: somebody@secure.test
Message-ID: <forged@secure.test>
Subject: you may answer me

x
>>>
1< a OK [APPENDUID *] *
