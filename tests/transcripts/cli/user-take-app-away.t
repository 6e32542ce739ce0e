# R3: who lost the authenticator app and the recovery codes asks Support
$ postern user take-app-away anna@praxis.test
postern: the account anna@praxis.test has no authenticator app
? 1
