# R30: Support alone gives another secure address; the former leads nowhere and is never given again
$ postern user edit anna@praxis.test --secure-address anna.weber-klein@secure.test
Account 1
  name              Anna Weber
  secure address    anna.weber-klein@secure.test
  email             anna@praxis.test
...
$ postern user show anna.weber@secure.test
postern: no account has the address anna.weber@secure.test; list them with: postern user list
? 1
$ postern user edit bert@praxis.test --secure-address anna.weber@secure.test
postern: the address anna.weber@secure.test already belongs to an account
? 1
$ postern user edit anna@praxis.test --secure-address anna.weber@secure.test
postern: the address anna.weber@secure.test already belongs to an account
? 1
$ postern user edit bert@praxis.test --secure-address bert@elsewhere.test
postern: bert@elsewhere.test cannot be a secure address: those lie in secure.test and have letters a to z, digits, points and hyphens
? 1
$ postern user edit bert@praxis.test --secure-address bert+x@secure.test
postern: bert+x@secure.test cannot be a secure address: those lie in secure.test and have letters a to z, digits, points and hyphens
? 1
$ postern user show bert@praxis.test
...
  secure address    bert.brandt@secure.test
...
$ postern user create --email a2@praxis.test --first-name Anna --last-name Weber --role staff --practice 1
Account 5
  name              Anna Weber
  secure address    anna.weber2@secure.test
...
