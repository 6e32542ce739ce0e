# What the operator publishes for the mail domain: no mail from or to outside, and where devices look
$ postern config dns
; The domain takes no mail from outside (RFC 7505)
secure.test. IN MX 0 .
; The domain sends no mail to the outside (RFC 7208)
secure.test. IN TXT "v=spf1 -all"
; So whatever claims to come from it is refused (RFC 7489)
_dmarc.secure.test. IN TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
; Mail programs read here (RFC 6186)
_imaps._tcp.secure.test. IN SRV 0 1 993 localhost.
; Mail programs send here (RFC 8314)
_submissions._tcp.secure.test. IN SRV 0 1 465 localhost.
; Not offered: what starts in the clear (RFC 6186 section 3.4)
_imap._tcp.secure.test. IN SRV 0 0 0 .
; Not offered: what starts in the clear
_submission._tcp.secure.test. IN SRV 0 0 0 .
; Not offered: POP
_pop3s._tcp.secure.test. IN SRV 0 0 0 .
; Not offered: POP
_pop3._tcp.secure.test. IN SRV 0 0 0 .
; The address book (RFC 6764)
_carddavs._tcp.secure.test. IN SRV 0 1 443 portal.test.
; Where on that host (RFC 6764 section 4)
_carddavs._tcp.secure.test. IN TXT "path=/carddav/"
; Not offered: an address book in the clear
_carddav._tcp.secure.test. IN SRV 0 0 0 .
; Thunderbird asks here, by HTTPS at port 443; the portal's certificate must have this name too
autoconfig.secure.test. IN CNAME portal.test.
; Outlook asks here
_autodiscover._tcp.secure.test. IN SRV 0 1 443 portal.test.
