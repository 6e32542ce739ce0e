# R18: a practice can have its own limit; without it the gateway's setting holds
$ postern practice set 1 --attachment-limit 20
Practice 1
  name              Praxis am Markt
  attachment limit  20 MB
  accounts          2
$ postern practice set "Praxis am Markt" --name "Praxis am Marktplatz" --attachment-limit none
Practice 1
  name              Praxis am Marktplatz
  attachment limit  gateway's setting
  accounts          2
$ postern practice set 1
postern: say what to change: --name or --attachment-limit
? 1
$ postern practice set 1 --attachment-limit 0
error: invalid value '0' for '--attachment-limit <MB|none>': a number of megabytes from 1 to 1000000, or "none"

For more information, try '--help'.
? 2
