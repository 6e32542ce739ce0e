# R18: a practice can have its own limit; without it the gateway's setting holds
$ postern practice set 1 --attachment-limit 20
Practice 1
  name              Praxis am Markt
  attachment limit  20 MB
  products          secure-mail
  two-step          by choice
  address           none
  phone             none
  website           none
  accounts          2
$ postern practice set "Praxis am Markt" --name "Praxis am Marktplatz" --attachment-limit none
Practice 1
  name              Praxis am Marktplatz
  attachment limit  gateway's setting
  products          secure-mail
  two-step          by choice
  address           none
  phone             none
  website           none
  accounts          2
$ postern practice set 1
postern: say what to change, for example --name; see: postern practice set --help
? 1
$ postern practice set 1 --attachment-limit 0
error: invalid value '0' for '--attachment-limit <MB|none>': a number of megabytes from 1 to 1000000, or "none"

For more information, try '--help'.
? 2
