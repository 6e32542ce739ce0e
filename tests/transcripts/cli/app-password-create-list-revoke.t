# R29: named after the device, shown once, listed, revoked one by one
$ postern app-password create anna@praxis.test --name "Thunderbird am Empfang"
App password $number for "Thunderbird am Empfang", shown this once: $secret
User name in the mail program: anna.weber@secure.test
$ postern app-password list anna@praxis.test
NUMBER  NAME                    CREATED               LAST USED  FROM  PROGRAM  STATE
*       test                    * UTC  never      -     -        in use
$number       Thunderbird am Empfang  * UTC  never      -     -        in use
$ postern app-password revoke anna@praxis.test $number
App password $number is revoked.
$ postern app-password list anna@praxis.test
NUMBER  NAME                    CREATED               LAST USED  FROM  PROGRAM  STATE
*       test                    * UTC  never      -     -        in use
$number       Thunderbird am Empfang  * UTC  never      -     -        revoked
