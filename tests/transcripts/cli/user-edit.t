# R6: what Support changes about a person; the old address is told
$ postern user edit anna@praxis.test --last-name Weber-Klein --role staff --phone "(202) 555-0143" --email anna@neu.test --time-zone America/Chicago --storage-cap 500
Account 1
  name              Anna Weber-Klein
  secure address    anna.weber@secure.test
  email             anna@neu.test
...
  role              staff
...
$ postern user show anna@neu.test
Account 1
...
  phone             ends in 43
  two-step          on, by phone
$ postern user show anna@praxis.test
postern: no account has the address anna@praxis.test; list them with: postern user list
? 1
$ postern user edit bert@praxis.test --email anna@neu.test
postern: the address anna@neu.test already belongs to an account
? 1
$ postern user edit bert@praxis.test --email anna@praxis.test
postern: the address anna@praxis.test already belongs to an account
? 1
$ postern user edit bert@praxis.test --time-zone Mars/Olympus
postern: "Mars/Olympus" is not a time zone; give an IANA name, for example America/Chicago
? 1
$ postern user edit bert@praxis.test --phone 911
error: invalid value '911' for '--phone <PHONE>': this is not a phone number; please write it with its area code, or with + and the country code

For more information, try '--help'.
? 2
$ postern notice list --account anna@neu.test
...
