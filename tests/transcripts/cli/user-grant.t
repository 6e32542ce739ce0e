# R8: Support grants the User Manager privilege, and takes it back
$ postern user grant anna@praxis.test user-manager
Account 1
*
*
*
*
*
*
  user manager      yes
*
*
*
$ postern user grant anna@praxis.test user-manager --take-back
Account 1
*
*
*
*
*
*
  user manager      no
*
*
*
