# Everything that prints data prints it as JSON too
$ postern --json practice show 2
{
  "number": 2,
  "name": "Zahnzentrum Nord",
  "attachment_limit_bytes": null,
  "accounts": 1,
  "products": [
    "secure-mail"
  ],
  "two_step_enforced": false,
  "street": "",
  "place": "",
  "phone": "",
  "website": ""
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
  "portal_password_set": false,
  "phone_ending": null,
  "two_step": true,
  "two_step_enforced": false,
  "authenticator_app": false
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
