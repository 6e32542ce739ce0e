# A generated password is shown once
$ postern user create --email o@ohm.test --first-name Otto --last-name Ohm --role staff --portal-password generate
Account 5
...
  portal password   set
...

Portal password, shown this once: $secret
Its first use leads to choosing another one.
$ postern user show o@ohm.test
Account 5
...
  portal password   set
...
