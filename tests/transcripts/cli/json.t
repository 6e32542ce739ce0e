# Everything that prints data prints it as JSON too
$ postern --json practice show 2
{
  "number": 2,
  "name": "Zahnzentrum Nord",
  "attachment_limit_bytes": null,
  "accounts": 1
}
$ postern user show bert@praxis.test --json
{
  "number": 2,
  "first_name": "Bert",
  "last_name": "Brandt",
  "secure_address": "bert.brandt@secure.test",
  "email": "bert@praxis.test",
  "practice": "Praxis am Markt",
  "role": "staff",
  "tier": "paid",
  "user_manager": false,
  "state": "active",
  "locked_at": null,
  "created_at": "*Z",
  "portal_password_set": false
}
$ postern --json app-password create bert@praxis.test --name Phone
{
  "number": *,
  "name": "Phone",
  "secure_address": "bert.brandt@secure.test",
  "app_password": "*-*-*-*-*-*"
}
$ postern --json app-password revoke bert@praxis.test 2
{
  "number": 2,
  "name": "test",
  "created_at": "*Z",
  "last_used_at": null,
  "last_used_from": null,
  "last_client": null,
  "revoked_at": "*Z"
}
