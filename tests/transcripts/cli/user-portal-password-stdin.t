# Secrets come by prompt or standard input, never as an argument, and are not printed back
$ postern user create --email o@ohm.test --first-name Otto --last-name Ohm --role staff --portal-password stdin <<< Sommer im Garten 7
Account 5
  name              Otto Ohm
...
  portal password   set
...
$ postern user create --email p@ohm.test --first-name Petra --last-name Ohm --role staff --portal-password stdin <<< kurz
postern: a portal password needs 15 to 128 characters
? 1
$ postern user show p@ohm.test
postern: no account has the address p@ohm.test; list them with: postern user list
? 1
$ postern user create --email p@ohm.test --first-name Petra --last-name Ohm --role staff --portal-password stdin <<< passwordpassword
postern: this password is used by many people; choose another one
? 1
$ postern user create --email p@ohm.test --first-name Petronella --last-name Ohm --role staff --portal-password stdin <<< Petronella 12345
postern: this password is made of the person's own data; choose another one
? 1
