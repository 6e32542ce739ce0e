@listener submission-tls
# R19: an archive whose members are all from the list, as Python's zipfile writes it

@auth anna
C: MAIL FROM:<${anna.secure}>
S: 250 2.1.0 *
C: RCPT TO:<${bert.secure}>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: From: ${anna.secure}
C: To: ${bert.secure}
C: Subject: x
C: Message-ID: <m@client.example>
C: MIME-Version: 1.0
C: Content-Type: multipart/mixed; boundary="b"
C:
C: --b
C: Content-Type: text/plain
C:
C: x
C: --b
C: Content-Type: application/octet-stream; name="bilder.zip"
C: Content-Disposition: attachment; filename="bilder.zip"
C: Content-Transfer-Encoding: base64
C:
C: UEsDBBQAAAAIAAAAIVxg5sBZDAAAABwAAAAMAAAAYmlsZGVyL2EucG5n6wzwc+flkuJiwAIAUEsD
C: BBQAAAAIAAAAIVxx0xjLLwEAAKgBAAAKAAAAYnJpZWYuZG9jeAvwZmYRYWBg4ABixZhjQlXsa4Cs
C: j0AsDMTRzvl5Jal5JfEhlQWpxbF6Fbk5sf27+Q4Z8LjWLz3VJSXOxjZlSqOsxA9G7cLbHc8Wqoj8
C: qBaaYGUQdfx7TLRMfFmeWNfJCvWb08rf3Oi+bR2QxVXouUnzeQGDR5ZSd+dvh3UTDrp37+wpbGl4
C: 1ad8cN3rbwv2nH5SNHt189dHQU8uZmStk/gsqevJ5i9vmrFeblvOp6Tksy/FV5+dlMixOXDGad8N
C: Fn+v3/yVaNB1rWZr6wvRpSl3MtL3CXUfy10lV8V4f/kv/gAUz4kdrpJkA7JYgFgQiMvzi1L0U/KT
C: S3OBPgR5bbPm9e3MDAHejEwizLjDBAYaGBmwhxC6Aej2Igy4i80VAd6sINUMTEDYAKSFwPYAAFBL
C: AwQUAAAACAAAACFcgxbcjAMAAAABAAAABQAAAGIudHh0qwAAUEsBAhQDFAAAAAgAAAAhXGDmwFkM
C: AAAAHAAAAAwAAAAAAAAAAAAAAIABAAAAAGJpbGRlci9hLnBuZ1BLAQIUAxQAAAAIAAAAIVxx0xjL
C: LwEAAKgBAAAKAAAAAAAAAAAAAACAATYAAABicmllZi5kb2N4UEsBAhQDFAAAAAgAAAAhXIMW3IwD
C: AAAAAQAAAAUAAAAAAAAAAAAAAIABjQEAAGIudHh0UEsFBgAAAAADAAMApQAAALMBAAAAAA==
C: --b--
C: .
S: 250 2.0.0 *
