//! The verdict on a complete message: the rules in their order, and the attachments that have to be
//! opened for it.
//!
//! Order: form, sender (R12), forwarding (R17), the right to reply (R14) or to send a receipt (R12),
//! recipient (R13), size (R18), readability and types (R19). A free account hears about its right to
//! reply before anything that depends on whether the recipient exists (R27).

use crate::mime::Summary;
use crate::policy::attachment::{self, Unread};
use crate::policy::sender::OwnAddresses;
use crate::policy::{Refusal, Settings, form, forward, recipient, reply, sender, size};
use crate::types::{AccountId, Address, Tier};

/// Who sends to whom.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// The sender's addresses.
    pub own: OwnAddresses<'a>,
    /// The sender's tier.
    pub tier: Tier,
    /// `MAIL FROM:<>`
    pub receipt: bool,
    /// The address of RCPT.
    pub address: &'a Address,
    /// The account behind it, with all its addresses.
    pub recipient: Option<(AccountId, &'a [Address])>,
}

/// The first half: what needs no delivery record. Answers the Message-IDs to ask the record for, if any.
pub fn before_record(message: &Summary, parties: Parties<'_>) -> Result<Vec<String>, Refusal> {
    form::check_limits(message)?;
    sender::check_header(message, parties.own)?;
    forward::check_not_forwarded(message)?;
    if parties.receipt {
        return sender::check_receipt_form(message).map(|id| vec![id.to_owned()]);
    }
    Ok(match parties.tier {
        Tier::Paid => Vec::new(),
        Tier::Free => reply::answered_ids(message),
    })
}

/// The second half, with `delivered_by`, what the record said. Answers the attachments still to be opened.
pub fn with_record(
    message: &Summary,
    bcc: &crate::mime::AddressField,
    parties: Parties<'_>,
    delivered_by: &[AccountId],
    attachment_limit: u64,
    settings: &Settings,
) -> Result<Vec<Unread>, Refusal> {
    let account = parties.recipient.map(|(id, _)| id);
    if parties.receipt {
        sender::check_receipt(delivered_by, account)?;
    } else {
        reply::check_reply(parties.tier, delivered_by, account, parties.address)?;
    }
    let alone = std::slice::from_ref(parties.address);
    let envelope = parties.recipient.map_or(alone, |(_, addresses)| addresses);
    recipient::check_header_recipients(message, bcc, envelope)?;
    size::check_attachments(attachment::attached_bytes(message), attachment_limit)?;
    attachment::check_readable(message)?;
    attachment::check_parts(message, &settings.attachments)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use base64::Engine as _;

    use super::*;
    use crate::mime::{AddressField, Limits, Scan, Scanner};
    use crate::policy::attachment::{Budget, Decoded, ReadAt};

    fn scan(message: &[u8]) -> Scan {
        let mut scanner = Scanner::new(Limits::default());
        for piece in message.chunks(1000) {
            scanner.feed(piece);
        }
        scanner.finish()
    }

    struct InMemory<'a>(&'a [u8]);

    impl ReadAt for InMemory<'_> {
        fn read_at(&mut self, range: std::ops::Range<u64>) -> std::io::Result<bytes::Bytes> {
            Ok(bytes::Bytes::copy_from_slice(&self.0[range.start as usize..range.end as usize]))
        }
    }

    /// The whole verdict on a message from Anna (paid unless told) to Bob, account 2.
    fn judge_as(message: &[u8], tier: Tier, receipt: bool, delivered_by: &[i64]) -> Result<(), Refusal> {
        let message_bytes = message;
        let message = scan(message).summary;
        let address = |text| Address::parse(text).unwrap();
        let (secure, email) = (address("anna@secure.example"), address("anna@praxis.example"));
        let bob = [address("bob@secure.example"), address("bob@praxis.example")];
        let parties = Parties {
            own: OwnAddresses { secure: &secure, email: &email },
            tier,
            receipt,
            address: &bob[0],
            recipient: Some((AccountId(2), &bob)),
        };
        let settings = Settings::default();
        let asked = before_record(&message, parties)?;
        let by: Vec<_> =
            if asked.is_empty() { Vec::new() } else { delivered_by.iter().copied().map(AccountId).collect() };
        let limit = settings.attachment_limit;
        let unread = with_record(&message, &AddressField::default(), parties, &by, limit, &settings)?;
        let mut budget = Budget(100 << 20);
        for one in unread {
            let mut content = Decoded::new(&message.parts[one.part], InMemory(message_bytes));
            let types = &settings.attachments;
            attachment::check_unread(&one, &message, &mut content, types, &settings.containers, &mut budget)
                .unwrap()?;
        }
        Ok(())
    }

    fn judge(message: &str) -> Result<(), Refusal> {
        judge_as(message.replace('\n', "\r\n").as_bytes(), Tier::Paid, false, &[])
    }

    fn rule(message: &str) -> &'static str {
        judge(message).unwrap_err().rule
    }

    const HEAD: &str =
        "From: Anna <anna@secure.example>\nTo: bob@secure.example\nSubject: x\nMessage-ID: <1@a>\n";

    fn with_file(name: &str, content: &[u8]) -> String {
        let encoded = base64::engine::general_purpose::STANDARD.encode(content);
        let lines: Vec<&str> =
            encoded.as_bytes().chunks(72).map(|l| std::str::from_utf8(l).unwrap()).collect();
        format!(
            "{HEAD}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHallo\n\
             --b\nContent-Type: application/octet-stream; name=\"{name}\"\nContent-Disposition: attachment; filename=\"{name}\"\n\
             Content-Transfer-Encoding: base64\n\n{}\n--b--\n",
            lines.join("\n")
        )
    }

    #[test]
    fn plain_messages_pass() {
        assert_eq!(judge(&format!("{HEAD}\nHallo\n")), Ok(()));
        assert_eq!(judge(&with_file("a.png", b"\x89PNG\r\n\x1a\n")), Ok(()));
        assert_eq!(
            judge(&format!(
                "{HEAD}MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nHallo\n--b\n\
                 Content-Type: text/html\n\n<p>Hallo\n--b--\n"
            )),
            Ok(())
        );
    }

    #[test]
    fn rules_on_real_messages() {
        assert_eq!(rule("To: bob@secure.example\n\nx\n"), "R12");
        assert_eq!(rule("From: anna@praxis.example\nTo: bob@secure.example\n\nx\n"), "R12");
        assert_eq!(rule(&format!("{HEAD}Reply-To: anna@praxis.example\n\nx\n")), "R12");
        assert_eq!(rule(&format!("{HEAD}From: anna@secure.example\n\nx\n")), "R12");
        assert_eq!(rule(&format!("{HEAD}Cc: eve@secure.example\n\nx\n")), "R13");
        assert_eq!(rule("From: anna@secure.example\n\nx\n"), "R13");
        assert_eq!(judge(&format!("{HEAD}Cc: bob@praxis.example\n\nx\n")), Ok(()));
        assert_eq!(rule(&format!("{HEAD}Resent-To: bob@secure.example\n\nx\n")), "R17");
        assert_eq!(rule(&format!("{HEAD}X-Forwarded-Message-Id: <2@a>\n\nx\n")), "R17");
        assert_eq!(
            rule(&format!("{HEAD}MIME-Version: 1.0\nContent-Type: message/rfc822\n\nFrom: x@y\n\nx\n")),
            "R17"
        );
        assert_eq!(judge(&format!("{}Subject: RE: FW: x\n\nx\n", HEAD.replace("Subject: x\n", ""))), Ok(()));
        assert_eq!(rule(&with_file("a.exe", b"MZ")), "R19");
        assert_eq!(rule(&with_file("a.pdf", b"MZ")), "R19");
        assert_eq!(rule(&with_file("=?UTF-8?Q?R=C3=B6ntgen=2Eexe?=", b"MZ")), "R19");
        assert_eq!(
            rule(&format!(
                "{HEAD}MIME-Version: 1.0\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--\n"
            )),
            "R19"
        );
        assert_eq!(
            rule(&format!("{HEAD}\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n")),
            "R19"
        );
        assert_eq!(rule(&format!("{HEAD}\nbegin 644 a.exe\n#86%T\n`\nend\n")), "R19");
    }

    #[test]
    fn r19_containers_through_base64() {
        let zip_of = |name: &str, content: &[u8]| {
            let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            let stored =
                zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
            // Larger than a checkpoint's distance, so that reading has to jump.
            zip.start_file("scan.png", stored).unwrap();
            zip.write_all(b"\x89PNG\r\n\x1a\n").unwrap();
            zip.write_all(&vec![7; 300_000]).unwrap();
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
            zip.finish().unwrap().into_inner()
        };
        assert_eq!(judge(&with_file("bilder.zip", &zip_of("b.pdf", b"%PDF-1.4"))), Ok(()));
        let refusal = judge(&with_file("bilder.zip", &zip_of("b.pdf", b"MZ"))).unwrap_err();
        assert_eq!(
            refusal.text,
            "The file \"bilder.zip\" cannot be sent: the file \"b.pdf\" in it is not a PDF document although its name says so; please save it again in that format"
        );
    }

    #[test]
    fn decoded_content_is_what_was_encoded() {
        let content: Vec<u8> = (0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let message = with_file("a.zip", &content).replace('\n', "\r\n");
        let summary = scan(message.as_bytes()).summary;
        let part = summary.parts.iter().find(|p| !p.names.is_empty()).unwrap();
        let mut all = Vec::new();
        Decoded::new(part, InMemory(message.as_bytes())).read_to_end(&mut all).unwrap();
        assert!(all == content);
    }

    #[test]
    fn r14_free_accounts_reply() {
        let message = format!("{HEAD}In-Reply-To: <0@b>\n\nx\n").replace('\n', "\r\n");
        let judge = |by: &[i64]| judge_as(message.as_bytes(), Tier::Free, false, by);
        assert_eq!(judge(&[2]), Ok(()));
        assert_eq!(judge(&[3]).unwrap_err().rule, "R14");
        let fresh = format!("{HEAD}\nx\n").replace('\n', "\r\n");
        assert_eq!(judge_as(fresh.as_bytes(), Tier::Free, false, &[2]).unwrap_err().rule, "R14");
    }

    #[test]
    fn r12_read_receipts_as_thunderbird_writes_them() {
        let receipt = format!(
            "{HEAD}References: <0@b>\nMIME-Version: 1.0\nContent-Type: multipart/report; \
             report-type=disposition-notification; boundary=\"b\"\n\n--b\nContent-Type: text/plain; charset=UTF-8\n\
             Content-Transfer-Encoding: 7bit\n\nThis is a receipt.\n\n--b\n\
             Content-Type: message/disposition-notification; name=\"MDNPart2.txt\"\nContent-Disposition: inline\n\
             Content-Transfer-Encoding: 7bit\n\nReporting-UA: x\nFinal-Recipient: rfc822;anna@secure.example\n\
             Original-Message-ID: <0@b>\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b\n\
             Content-Type: text/rfc822-headers; name=\"MDNPart3.txt\"\nContent-Transfer-Encoding: 7bit\n\
             Content-Disposition: inline\n\nFrom: bob@secure.example\n\n--b--\n"
        )
        .replace('\n', "\r\n");
        let judge = |by: &[i64]| judge_as(receipt.as_bytes(), Tier::Free, true, by);
        assert_eq!(judge(&[2]), Ok(()));
        assert_eq!(judge(&[3]).unwrap_err().rule, "R12");
        let plain = format!("{HEAD}\nx\n").replace('\n', "\r\n");
        assert_eq!(judge_as(plain.as_bytes(), Tier::Paid, true, &[2]).unwrap_err().rule, "R12");
    }

    #[test]
    fn a_part_bomb_is_refused() {
        let parts = "--b\n\nx\n".repeat(1100);
        let message =
            format!("{HEAD}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n");
        assert_eq!(rule(&message), "form");
    }

    proptest::proptest! {
        #[test]
        fn no_message_makes_the_verdict_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000)) {
            let _ = judge_as(&bytes, Tier::Free, true, &[1]);
            let behind = [HEAD.replace('\n', "\r\n").as_bytes(), b"Content-Type: application/zip; name=a.zip\r\n\r\nPK\x03\x04", &bytes].concat();
            let _ = judge_as(&behind, Tier::Paid, false, &[]);
        }
    }
}
