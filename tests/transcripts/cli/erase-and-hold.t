# A practice is not erased while mail of one of its accounts is held for the law
$ postern retention hold anna@praxis.test --case A/1
...
$ postern practice erase 1 --name "Praxis am Markt"
postern: mail of 1 accounts of this practice is held for the law, nothing was changed; see: postern retention show
? 1
$ postern user show anna@praxis.test
Account 1
...
  state             active
...
$ postern retention release anna@praxis.test --case A/1
Nothing expires, and nobody's mail is held
$ postern practice erase 1 --name "Praxis am Markt"
Erased: the key of practice 1 is gone, 2 accounts are closed. Backups made until now still hold the key: destroy them when you must.
