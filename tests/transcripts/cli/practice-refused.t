# Names are told apart by their spelling; what is not there is said so
$ postern practice create "Praxis am Markt"
postern: there is already a practice named "Praxis am Markt"
? 1
$ postern practice create "  "
postern: a name needs 1 to 200 bytes and no control characters
? 1
$ postern practice set 2 --name "Praxis am Markt"
postern: there is already a practice named "Praxis am Markt"
? 1
$ postern practice show 99
postern: there is no practice "99"; list them with: postern practice list
? 1
