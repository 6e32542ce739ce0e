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
postern: a link to reset the portal password is on its way to anna@praxis.test
$ postern user unlock anna@praxis.test
postern: the account anna@praxis.test is not locked: it is active
? 1
