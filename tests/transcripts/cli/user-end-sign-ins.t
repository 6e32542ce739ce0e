# R29: signed out everywhere; with --devices mail programs need new app passwords
$ postern user end-sign-ins anna@praxis.test
Account 1
...
$ postern app-password list anna@praxis.test
...
1*in use*
$ postern user end-sign-ins anna@praxis.test --devices
Account 1
...
$ postern app-password list anna@praxis.test
...
1*revoked*
# ASVS 7.4.5: of everyone at once; mail programs go on
$ postern user end-sign-ins --everyone
Every sign-in at the portal has ended, of all * accounts
