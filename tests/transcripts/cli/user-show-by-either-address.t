# R30: both addresses lead to the account
$ postern user show frieda@praxis.test
Account 4
  name              Frieda Frei
...
$ postern user show Frieda.Frei@SECURE.test
Account 4
  name              Frieda Frei
...
