# R1, R2, R6: Support alone keeps a practice's record, its products, and whether two-step verification may be turned off
$ postern practice set 1 --street "Am Markt 1" --place "12345 Musterstadt" --phone "+1 202 555 0100" --website https://praxis.test --two-step enforced --product collaborator --product secure-mail
Practice 1
  name              Praxis am Markt
  attachment limit  gateway's setting
  products          secure-mail, collaborator
  two-step          enforced
  address           Am Markt 1, 12345 Musterstadt
  phone             +1 202 555 0100
  website           https://praxis.test
  accounts          2
$ postern user show anna@praxis.test
Account 1
...
  two-step          on, by phone (enforced by the practice)
$ postern practice set 1 --product none --two-step by-choice --street ""
Practice 1
...
  products          none
  two-step          by choice
  address           12345 Musterstadt
...
$ postern practice set 1 --product none --product truform
postern: --product none goes with no other --product
? 1
$ postern practice set 1 --product fax
error: invalid value 'fax' for '--product <PRODUCT|none>': "fax" is not a product: secure-mail, collaborator or truform

For more information, try '--help'.
? 2
