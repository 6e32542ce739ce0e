# R30: an address belongs to one account for good, and none is brought along in the portal's own domain
$ postern user create --email ANNA@praxis.test --first-name Otto --last-name Ohm --role staff
postern: the address anna@praxis.test already belongs to an account
? 1
$ postern user create --email otto@secure.test --first-name Otto --last-name Ohm --role staff
postern: the email address otto@secure.test lies in the portal's own domain; give the person's ordinary address
? 1
$ postern user create --email otto@ohm.test --first-name Otto --last-name Ohm --role staff --practice Nirgends
postern: there is no practice "Nirgends"; list them with: postern practice list
? 1
$ postern user create --email otto@ohm.test --first-name Otto --last-name "" --role staff
postern: --last-name is empty
? 1
$ postern user create --email otto --first-name Otto --last-name Ohm --role staff
error: invalid value 'otto' for '--email <EMAIL>': an address has the form name@domain

For more information, try '--help'.
? 2
$ postern user create --email otto@ohm.test --first-name Otto --last-name Ohm --role boss
error: invalid value 'boss' for '--role <ROLE>': "boss" is not a role: doctor or staff

For more information, try '--help'.
? 2
$ postern user show otto@ohm.test
postern: no account has the address otto@ohm.test; list them with: postern user list
? 1
