# R29: what cannot be made or revoked is said in a sentence
$ postern app-password create anna@praxis.test --name " "
postern: the name of the device needs 1 to 200 bytes and no control characters
? 1
$ postern app-password create nobody@praxis.test --name Desk
postern: no account has the address nobody@praxis.test; list them with: postern user list
? 1
$ postern app-password revoke anna@praxis.test 99
postern: anna@praxis.test has no app password 99 in use
? 1
# Another person's number is none of hers
$ postern app-password revoke anna@praxis.test 2
postern: anna@praxis.test has no app password 2 in use
? 1
