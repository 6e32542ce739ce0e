# R4: only Support unlocks
$ postern user lock anna@praxis.test
Account 1
...
  state             locked since * UTC
...
$ postern user lock anna@praxis.test
postern: the account anna@praxis.test is locked already
? 1
$ postern user unlock anna@praxis.test
Account 1
...
  state             active
...
postern: no reset link is sent yet; tell the person to have the portal password reset
$ postern user unlock anna@praxis.test
postern: the account anna@praxis.test is not locked: it is active
? 1
