# What is stored is opened and compared, and the search index built anew
$ postern verify
All is whole: 0 messages looked at.
$ postern verify --account anna@praxis.test --from-start
All is whole: 0 messages looked at.
$ postern verify --account nobody@praxis.test
postern: no account has the address nobody@praxis.test; list them with: postern user list
? 1
$ postern search reindex
Indexed 0 messages in 0 mailboxes.
$ postern search check anna@praxis.test
The index of 0 mailboxes is whole.
