# R29: a phone is set up by a one-time link; the password is made when the link is used, and shown nowhere
$ postern app-password link anna@praxis.test --name "Annas iPhone"
To be opened on "Annas iPhone" within ten minutes; it works once:
https://portal.test/device/*
It sets up anna.weber@secure.test.
$ postern app-password list anna@praxis.test
NUMBER  NAME  CREATED               LAST USED  FROM  PROGRAM  STATE
*       test  * UTC  never      -     -        in use
