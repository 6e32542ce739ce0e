# Deleted mail, expiry, holds
$ postern message list-deleted anna@praxis.test
Nothing that was deleted can be brought back
$ postern message restore anna@praxis.test 3/17
postern: not all of these can be brought back; see: postern message list-deleted anna@praxis.test
? 1
$ postern retention show
Nothing expires, and nobody's mail is held
$ postern retention expire 1 365
WHAT * NUMBER  HOW
practice  1 * expires after 365 days
$ postern retention expire 1 never
Nothing expires, and nobody's mail is held
$ postern retention hold anna@praxis.test --case 2026/11
WHAT * NUMBER  HOW
account  1 * held since * UTC
$ postern retention hold anna@praxis.test --case 2026/11
postern: the account anna@praxis.test is held already
? 1
$ postern retention release anna@praxis.test --case 2026/11
Nothing expires, and nobody's mail is held
