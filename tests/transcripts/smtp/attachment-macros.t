@listener submission-tls
# R19: Office files with macros are never accepted

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
C: Content-Type: application/octet-stream; name="brief.docx"
C: Content-Disposition: attachment; filename="brief.docx"
C: Content-Transfer-Encoding: base64
C:
C: UEsDBBQAAAAIAAAAIVzGEnoHrAAAAPEAAAATAAAAW0NvbnRlbnRfVHlwZXNdLnhtbF2Puw7CMAxF
C: f6XKihoXBgaUlIEdGPgBK3HbiOahJBT4exKQOjBax/dcWxxfdm4Wisl4J9mWd+zYi9s7UGoKcUmy
C: KedwAEhqIouJ+0CukMFHi7mMcYSA6o4jwa7r9qC8y+Rym6uD9eJS5NFoaq4Y8xktSQZPHzVorx62
C: bPJiY83pF6vNkmEIs1GYy02wOP3X2fphMIrWfLWF6BWlZNxoZ74Si8Ztqh56Ad+n+g9QSwMEFAAA
C: AAgAAAAhXBbDehkGAAAABAAAABEAAAB3b3JkL2RvY3VtZW50LnhtbLMp17cDAFBLAwQUAAAACAAA
C: ACFcgxbcjAMAAAABAAAAEwAAAHdvcmQvdmJhUHJvamVjdC5iaW6rAABQSwECFAMUAAAACAAAACFc
C: xhJ6B6wAAADxAAAAEwAAAAAAAAAAAAAAgAEAAAAAW0NvbnRlbnRfVHlwZXNdLnhtbFBLAQIUAxQA
C: AAAIAAAAIVwWw3oZBgAAAAQAAAARAAAAAAAAAAAAAACAAd0AAAB3b3JkL2RvY3VtZW50LnhtbFBL
C: AQIUAxQAAAAIAAAAIVyDFtyMAwAAAAEAAAATAAAAAAAAAAAAAACAARIBAAB3b3JkL3ZiYVByb2pl
C: Y3QuYmluUEsFBgAAAAADAAMAwQAAAEYBAAAAAA==
C: --b--
C: .
S: 554 5.6.1 The file "brief.docx" cannot be sent: it is an Office file with macros; please save it without macros or as PDF and send that
