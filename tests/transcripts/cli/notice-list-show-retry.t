# R11: Support sees what is on its way, never what it says or where it goes
$ postern notice list
There are no such notices
$ postern user lock anna@praxis.test
...
$ postern notice list
ID * KIND * CHANNEL * STATE * ACCOUNT * WRITTEN * TRIES * LAST ERROR
$id * account-locked * email * waiting * anna.weber@secure.test * UTC * 0 * -
$ postern notice show $id
Notice $id-*
  account           1 (anna.weber@secure.test)
  kind              account-locked
  channel           email
  state             waiting
  written           * UTC
  next try          * UTC
  not sent after    * UTC
  tries             0
  last error        none
$ postern notice list --dead
There are no such notices
$ postern notice list --account bert@praxis.test
There are no such notices
$ postern notice retry $id
postern: the notice $id did not fail: it is waiting
? 1
$ postern notice show ffffffff
postern: no notice has the id ffffffff; list them with: postern notice list
? 1
$ postern notice retry --all
0 notices are tried again, 0 are too late for it.
