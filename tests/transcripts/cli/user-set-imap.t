# IMAP capabilities can be switched off for one account
$ postern user set-imap anna@praxis.test
* is offered every IMAP capability
$ postern user set-imap anna@praxis.test --off qresync --off COMPRESS=DEFLATE
* is not offered, from the next sign-in on: COMPRESS=DEFLATE, QRESYNC
$ postern user set-imap anna@praxis.test --on COMPRESS=DEFLATE
* is not offered, from the next sign-in on: QRESYNC
$ postern user set-imap anna@praxis.test --off X-NONE
postern: "X-NONE" is not an IMAP capability that can be switched
? 1
$ postern user set-imap anna@praxis.test --off IDLE --on idle
postern: IDLE cannot be switched off and on at once
? 1
$ postern user set-imap anna@praxis.test --on QRESYNC
* is offered every IMAP capability
$ postern audit list --action account-change
NUMBER *
$n *Z * support:ida * account-change * done * 1 * imap off=QRESYNC,COMPRESS=DEFLATE on=
...
