# R6: Support makes practices and looks at them
$ postern practice create "Kinderzahnarzt Süd" --attachment-limit 50
Practice 3
  name              Kinderzahnarzt Süd
  attachment limit  50 MB
  products          secure-mail
  two-step          by choice
  address           none
  phone             none
  website           none
  accounts          0
$ postern practice list
NUMBER  NAME                ACCOUNTS  ATTACHMENT LIMIT
1       Praxis am Markt     2         gateway's setting
2       Zahnzentrum Nord    1         gateway's setting
3       Kinderzahnarzt Süd  0         50 MB
$ postern practice show "Praxis am Markt"
Practice 1
  name              Praxis am Markt
  attachment limit  gateway's setting
  products          secure-mail
  two-step          by choice
  address           none
  phone             none
  website           none
  accounts          2
