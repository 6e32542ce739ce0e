# An account without app passwords says how to get one
$ postern user create --email o@ohm.test --first-name Otto --last-name Ohm --role staff
Account 5
...
$ postern app-password list o@ohm.test
The account has no app passwords; make one with: postern app-password create
