# R7: free and paid are per account
$ postern user set-tier frieda@praxis.test paid
Account 4
...
  tier              paid
...
$ postern user set-tier frieda@praxis.test gold
error: invalid value 'gold' for '<TIER>': "gold" is not a tier: free or paid

For more information, try '--help'.
? 2
