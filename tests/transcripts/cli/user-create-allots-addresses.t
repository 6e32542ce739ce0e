# R30: the secure address is made from the name, numbered where it is taken, umlauts spelt out
$ postern user create --email a2@praxis.test --first-name Anna --last-name Weber --role staff --practice 1
Account 5
  name              Anna Weber
  secure address    anna.weber2@secure.test
  email             a2@praxis.test
  practice          Praxis am Markt
  role              staff
  tier              paid
  user manager      no
  state             active
  portal password   not set
  created           * UTC
$ postern user create --email j@praxis.test --first-name Jürgen --last-name "Groß Öttinger" --role doctor --tier free
Account 6
  name              Jürgen Groß Öttinger
  secure address    juergen.gross-oettinger@secure.test
...
  practice          none
  role              doctor
  tier              free
...
