# Every act of the command line names the person who acted (audit log)
$ postern --as "Jan Wolf" practice create "Praxis Süd"
Practice $n
...
$ postern user lock anna@praxis.test --as jan
Account 1
...
$ postern user set-tier anna@praxis.test free
...
$ postern audit list --limit 3
NUMBER *
* support:Jan Wolf * practice-create * done * practice:$n *
* support:jan * lock * done * 1 *
* support:ida * tier-change * done * 1 * tier=free
$ postern --as "" practice list
error: invalid value '' for '--as <PERSON>': the name of a Support person has 1 to 64 characters: letters, digits, spaces and . _ - @
...
? 2
