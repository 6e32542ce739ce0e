# A practice is erased only by who types its name
$ postern practice erase 2 --name "Zahnzentrum"
postern: that is not its name; nothing was changed
? 1
$ postern practice erase 2 --name "Zahnzentrum Nord"
Erased: the key of practice 2 is gone, 1 accounts are closed. Backups made until now still hold the key: destroy them when you must.
$ postern practice erase 2 --name "Zahnzentrum Nord"
postern: the practice 2 was erased before
? 1
$ postern user show carla@praxis.test
Account 3
...
  state             closed
...
$ postern keys status
VERSION  SINCE  * SEAL KEYS  IN THE KEY FILE
1        * UTC  2          yes
