# Support reads mail after a second person agreed, for an hour; the owner is told, all is in the audit log
$ postern break-glass list
Nobody has asked to see mail
$ postern break-glass request anna@praxis.test --mailbox INBOX --reason "too short"
error: invalid value 'too short' for '--reason <REASON>': give a reason of 10 to 500 letters, in one line
For more information, try '--help'.
? 2
$ postern break-glass request anna@praxis.test --mailbox Nowhere --reason "court order 4711 of 3 November"
postern: the account has no mailbox "Nowhere"
? 1
$ postern break-glass request anna@praxis.test --mailbox INBOX --reason "court order 4711 of 3 November"
Request 1. A second person approves it within 24 hours: postern break-glass approve 1 --as NAME
$ postern break-glass read 1
postern: nobody has approved the request yet; a second person has to: postern break-glass approve
? 1
# One's own request under another spelling of the name is one's own
$ postern break-glass approve 1
postern: who asked cannot approve; a second person has to
? 1
$ postern break-glass approve 1 --as "I.D.A"
postern: who asked cannot approve; a second person has to
? 1
$ postern break-glass approve 1 --as jan
Approved: ida may look at the list of mailbox * of account 1 until * UTC. The reason given: court order 4711 of 3 November
$ postern break-glass approve 1 --as eva
postern: the request is approved already
? 1
$ postern break-glass read 1 --as jan
postern: only who asked may look
? 1
$ postern notice list
There are no such notices
$ postern break-glass read 1
MESSAGE * RECEIVED * FROM * SUBJECT
$first * UTC *@secure.test  Message 1
$second * UTC *@secure.test  Message 2
$ postern break-glass request anna@praxis.test --message $second --reason "court order 4711 of 3 November"
Request 2. A second person approves it within 24 hours: postern break-glass approve 2 --as NAME
$ postern break-glass approve 2 --as jan
Approved: ida may look at message $second of account 1 until * UTC. The reason given: court order 4711 of 3 November
$ postern break-glass read 2
From: Bert Brandt *
...
Subject: Message 2
...
This is message 2.
# What was approved can be ended before its hour is over
$ postern break-glass refuse 2 --as eva
Request 2 is ended.
$ postern break-glass read 2
postern: the request was refused or given up; ask again
? 1
$ postern break-glass read 3
postern: there is no request of that number; see: postern break-glass list
? 1
$ postern break-glass list anna@praxis.test
REQUEST  ASKED * BY   ACCOUNT  WHAT * STATE * READ  REASON
2 * ida  1 * message $second * ended * yes * court order 4711 of 3 November
1 * ida  1 * the list of mailbox * open, approved by jan  yes * court order 4711 of 3 November
# The owner is told at each request's first look; the words name nobody
$ postern notice list
...
* support-read * email * waiting *
* support-read * email * waiting *
$ postern audit list --account anna@praxis.test
...
* support:ida * access-ask * request=1 to=list
* support:ida * access-approve * refused * request=1
* support:I.D.A * access-approve * refused * request=1
* support:jan * access-approve * done * request=1
* support:ida * read * request=1 approved-by=jan to=list
* support:ida * access-ask * request=2 to=message uid=2
* support:jan * access-approve * done * request=2
* support:ida * read * request=2 approved-by=jan to=message uid=2
* support:eva * access-end * request=2
