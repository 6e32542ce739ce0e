# The audit log: list, verify, export
$ postern user grant anna@praxis.test user-manager
...
$ postern audit verify
The audit log is whole: entries 1 to *.
No head file to compare with: a log cut off at its end would not be noticed.
$ postern audit list --action grant
NUMBER *
$n *Z * support:ida * grant * done * 1 * privilege=user-manager
$ postern audit list --action grant --since 2100-01-01T00:00:00Z
There are no such entries
$ postern --json audit list --account anna@praxis.test --action grant
[
  {
    "seq": *,
    "at": "*Z",
    "actor": "support:ida",
    "address": null,
    "action": "grant",
    "account": 1,
    "object": null,
    "result": "done",
    "detail": "privilege=user-manager",
    "gateway": "*/*",
    "mac": "*"
  }
]
$ postern audit export
{"seq":1,"at":"*Z","actor":"system","address":null,"action":"practice-create",*}
...
{"seq":$n,*"action":"grant"*}
$ postern audit list --limit 1
NUMBER *
* support:ida * audit-export * done * after=0 last=$n
$ postern audit list --action nothing
error: invalid value 'nothing' for '--action <ACTION>': no such action; there are: sign-in, *
...
? 2
