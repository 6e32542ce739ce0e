# A secret in an argument would stand in the shell's history and the process list: there is no way to give one
$ postern user create --email o@ohm.test --first-name Otto --last-name Ohm --role staff --portal-password hunter2hunter2
error: invalid value 'hunter2hunter2' for '--portal-password <PORTAL_PASSWORD>'
  [possible values: none, prompt, stdin, generate]

For more information, try '--help'.
? 2
$ postern app-password create anna@praxis.test hunter2hunter2 --name Desk
error: unexpected argument 'hunter2hunter2' found

Usage: postern app-password create *

For more information, try '--help'.
? 2
