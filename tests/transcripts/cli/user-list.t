# All accounts, or those of one practice
$ postern user list
NUMBER  NAME         SECURE ADDRESS           EMAIL               PRACTICE          ROLE    TIER  STATE
1       Anna Weber   anna.weber@secure.test   anna@praxis.test    Praxis am Markt   doctor  paid  active
2       Bert Brandt  bert.brandt@secure.test  bert@praxis.test    Praxis am Markt   staff   paid  active
3       Carla Conti  carla.conti@secure.test  carla@praxis.test   Zahnzentrum Nord  doctor  paid  active
4       Frieda Frei  frieda.frei@secure.test  frieda@praxis.test  -                 doctor  free  active
$ postern user list --practice "Zahnzentrum Nord"
NUMBER  NAME         SECURE ADDRESS           EMAIL              PRACTICE          ROLE    TIER  STATE
3       Carla Conti  carla.conti@secure.test  carla@praxis.test  Zahnzentrum Nord  doctor  paid  active
