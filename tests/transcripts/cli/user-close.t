# An account is closed for good; its addresses are never given to another (R30)
$ postern user close bert@praxis.test
postern: closing bert@praxis.test cannot be undone; say --yes to do it
? 1
$ postern user close bert@praxis.test --yes
Account 2
...
  state             closed
...
$ postern user close bert@praxis.test --yes
postern: the account bert@praxis.test is closed already
? 1
$ postern user unlock bert@praxis.test
postern: the account bert@praxis.test is not locked: it is closed
? 1
$ postern user edit bert@praxis.test --role doctor
postern: the account bert@praxis.test is closed
? 1
$ postern user create --email bert@praxis.test --first-name Bert --last-name Neu --role staff
postern: the address bert@praxis.test already belongs to an account
? 1
