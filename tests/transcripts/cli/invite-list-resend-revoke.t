# R8, R15: Support sees who is stuck and why, sends a link again, and withdraws an invitation
$ postern invite list
NUMBER  NAME       EMAIL           PHONE       PRACTICE         INVITED BY  SINCE                 WAITING  STANDING
1       Dora Dahl  dora@dahl.test  ends in 50  Praxis am Markt  Anna Weber  * UTC  0        waits for a message
$ postern invite resend 1
Invitation 1
  name              Dora Dahl
  email             dora@dahl.test
  phone             ends in 50
  practice          Praxis am Markt
  invited by        Anna Weber
  since             * UTC
  waiting messages  0
  standing          link not opened
postern: a new link is on its way to dora@dahl.test
$ postern invite list --practice "Zahnzentrum Nord"
No invitations are open
$ postern invite revoke 1
Invitation 1
...
  standing          revoked
$ postern invite revoke 1
postern: invitation 1 is no longer open
? 1
$ postern invite resend 1
postern: invitation 1 is no longer open
? 1
$ postern invite resend 2
postern: there is no invitation 2; list them with: postern invite list
? 1
$ postern invite list
No invitations are open
$ postern invite list --all --json
[
  {
    "number": 1,
    "name": "Dora Dahl",
    "email": "dora@dahl.test",
    "phone_ending": "50",
    "practice": "Praxis am Markt",
    "inviter": "Anna Weber",
    "standing": "revoked",
    "waiting": 0,
    "invited_at": "*Z",
    "link_made_at": "*Z"
  }
]
