//! What each part of a message is (text of the message, inline picture, attachment, signature), and
//! the verdict on all of them (R19).
//!
//! Decided here: `text/plain`, `text/html` and their old or tiny relatives without a file name are
//! the message's text; so is what a read receipt says about itself (RFC 8098 §3). Every other part
//! is an attachment and must be on the list, also one that a program put beside the text as an
//! alternative: a `text/calendar` there is an appointment (`.ics`, not on the default list), since
//! a reader's program offers it as one. A `multipart/…` in which no part was found is refused: a
//! reader's program may find some.

use std::io;

use super::accepted::AttachmentTypes;
use super::archive::ContainerLimits;
use super::content::{self, Known, ReadSeek, Rules, Seen, TextFacts};
use super::fault::{CheckError, Fault};
use super::inflated::Budget;
use super::kinds::{Kind, Never};
use super::name::{self, Ending};
use crate::mime::{Content, Disposition, PartSummary, SectionKind, Summary};
use crate::policy::Refusal;

/// What a part is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A multipart: only a frame for others.
    Frame,
    /// Text of the message.
    Text,
    /// A picture that the HTML text shows (`cid:`).
    InlineImage,
    /// The signature of a `multipart/signed`.
    Signature,
    /// A file.
    Attachment,
}

/// Text that is shown, never saved.
const TEXT: [&str; 5] = ["text/plain", "text/html", "text/enriched", "text/richtext", "text/watch-html"];
/// What a read receipt consists of beside its text; no other report is accepted from a client.
const RECEIPT: [&str; 2] = ["message/disposition-notification", "text/rfc822-headers"];

/// What a part of this message is.
pub fn place(message: &Summary, part: &PartSummary) -> Place {
    if part.kind != SectionKind::Leaf {
        return Place::Frame;
    }
    if part.is_signature {
        return Place::Signature;
    }
    let media = part.media_type.as_str();
    let saved = matches!(part.disposition, Some(Disposition::Attachment | Disposition::Other(_)));
    if part.names.is_empty() && !saved {
        let receipt = message.report.as_ref().is_some_and(|r| r.report_type == "disposition-notification");
        if TEXT.contains(&media) || (receipt && RECEIPT.contains(&media)) {
            return Place::Text;
        }
    }
    if media.starts_with("image/") && part.content_id.is_some() && !saved && within_related(message, part) {
        return Place::InlineImage;
    }
    Place::Attachment
}

fn within_related(message: &Summary, part: &PartSummary) -> bool {
    // Parents stand before their parts, so this ends.
    let mut parent = part.parent;
    while let Some(section) = parent.and_then(|p| message.parts.get(p)) {
        if section.media_type == "multipart/related" {
            return true;
        }
        parent = section.parent.filter(|up| Some(*up) < parent);
    }
    false
}

/// R18: decoded bytes of all attachments together. Text and inline pictures are none; they are
/// bounded by the wire size.
pub fn attached_bytes(message: &Summary) -> u64 {
    let counted =
        message.parts.iter().filter(|p| matches!(place(message, p), Place::Attachment | Place::Signature));
    counted.filter_map(|p| p.content.as_ref()).map(|c| c.decoded_size).sum()
}

/// R19: encrypted content cannot be checked. Signed content can.
pub fn check_readable(message: &Summary) -> Result<(), Refusal> {
    use crate::mime::Encryption;
    let text = match message.encryption {
        None => return Ok(()),
        Some(Encryption::SmimeOpaqueSigned) => {
            "The message is signed in a form that hides its content, so its attachments cannot be checked; please set your mail program to clear signing, or send it without a signature"
        }
        Some(Encryption::Smime | Encryption::Multipart | Encryption::InlinePgp) => {
            "Encrypted messages cannot be accepted because their attachments cannot be checked; please turn encryption off and send again, the message stays inside this protected system anyway"
        }
    };
    Err(Refusal::new("R19", 554, "5.7.1", text))
}

/// A part whose first kilobyte did not settle the matter: its content must be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Index in [`Summary::parts`].
    pub part: usize,
    /// The file's name, for the sentence; may be empty.
    pub name: String,
    kind: Kind,
}

/// R19: every part by its names, its media type and its first kilobyte. Answers what is left to be
/// read: nothing, for nearly every message.
pub fn check_parts(message: &Summary, types: &AttachmentTypes) -> Result<Vec<Unread>, Refusal> {
    let mut unread = Vec::new();
    for (index, part) in message.parts.iter().enumerate() {
        let name = part.names.first().map_or("", String::as_str);
        check_part(message, index, part, types, &mut unread).map_err(|fault| fault.refusal(name, types))?;
    }
    Ok(unread)
}

fn check_part(
    message: &Summary,
    index: usize,
    part: &PartSummary,
    types: &AttachmentTypes,
    unread: &mut Vec<Unread>,
) -> Result<(), Fault> {
    if part.ambiguous {
        return Err(Fault::AmbiguousPart);
    }
    let place = place(message, part);
    // A type that is opened by itself is refused whatever its name; text of the message is shown instead.
    if place != Place::Text
        && let Some(never) = Never::of_media(&part.media_type)
    {
        return Err(Fault::Never(never));
    }
    let content = part.content.as_ref();
    match place {
        Place::Frame => return Ok(()),
        Place::Text => {
            return if content.is_some_and(|c| c.uuencoded) { Err(Fault::InText) } else { Ok(()) };
        }
        Place::Attachment if part.media_type.starts_with("multipart/") => return Err(Fault::AmbiguousPart),
        Place::InlineImage | Place::Signature | Place::Attachment => {}
    }
    // Programs differ in which name they take, so each must fit.
    let mut kinds = Vec::new();
    for name in &part.names {
        let kind = named_kind(name, types)?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        let ending = Kind::ending_of_media(&part.media_type).ok_or(Fault::NoEnding)?;
        kinds.push(types.accepted(ending).ok_or_else(|| Fault::NotAccepted(ending.to_owned()))?);
    }
    for kind in kinds {
        let signs = matches!(kind, Kind::SmimeSignature | Kind::PgpSignature);
        if signs != (place == Place::Signature) {
            return Err(if signs { Fault::LooseSignature } else { Fault::Differs(Kind::SmimeSignature) });
        }
        match content::by_head(kind, content.map_or(&[], |c| &c.head), known(part), types) {
            Seen::Fits => {}
            Seen::Fault(fault) => return Err(fault),
            Seen::Unread => {
                unread.push(Unread {
                    part: index,
                    name: part.names.first().cloned().unwrap_or_default(),
                    kind,
                });
            }
        }
    }
    Ok(())
}

fn named_kind(name: &str, types: &AttachmentTypes) -> Result<Kind, Fault> {
    if let Some(never) = Never::of_name(name::file_name(name)) {
        return Err(Fault::Never(never));
    }
    match name::ending(name) {
        Ending::None => Err(Fault::NoEnding),
        Ending::Ambiguous => Err(Fault::AmbiguousName),
        Ending::Some(ending) => match Never::of_ending(&ending) {
            Some(never) => Err(Fault::Never(never)),
            None => types.accepted(&ending).ok_or(Fault::NotAccepted(ending)),
        },
    }
}

fn known(part: &PartSummary) -> Known<'_> {
    let content = part.content.as_ref();
    let facts = |c: &Content| TextFacts { has_nul: c.has_nul, valid_utf8: c.valid_utf8 };
    Known {
        len: content.map_or(0, |c| c.decoded_size),
        charset: part.charset.as_deref(),
        text: content.map(facts),
    }
}

/// R19: the content of one part that [`check_parts`] left open. `budget` is one per message.
///
/// # Errors
/// The outer error is a failure to read, ours and no verdict; the inner one is the verdict.
pub fn check_unread(
    unread: &Unread,
    message: &Summary,
    content: &mut dyn ReadSeek,
    types: &AttachmentTypes,
    containers: &ContainerLimits,
    budget: &mut Budget,
) -> io::Result<Result<(), Refusal>> {
    let known = message.parts.get(unread.part).map(known).unwrap_or_default();
    match content::by_content(unread.kind, content, known, Rules { types, containers }, budget) {
        Ok(()) => Ok(Ok(())),
        Err(CheckError::Fault(fault)) => Ok(Err(fault.refusal(&unread.name, types))),
        Err(CheckError::Read(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::{Encryption, Report};
    use crate::policy::testing::part;

    fn message(parts: Vec<PartSummary>) -> Summary {
        Summary { parts, ..Summary::default() }
    }

    fn judge(parts: Vec<PartSummary>) -> Result<Vec<Unread>, Refusal> {
        check_parts(&message(parts), &AttachmentTypes::default())
    }

    fn frame(media_type: &str) -> PartSummary {
        PartSummary {
            kind: SectionKind::Multipart,
            content: None,
            path: vec![],
            ..part(media_type, &[], b"")
        }
    }

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    #[test]
    fn r19_text_of_the_message_is_no_attachment() {
        let parts = vec![
            frame("multipart/alternative"),
            part("text/plain", &[], b"x"),
            part("text/html", &[], b"<p>"),
        ];
        assert_eq!(judge(parts.clone()), Ok(vec![]));
        assert_eq!(attached_bytes(&message(parts)), 0);
        let refusal = judge(vec![part("text/html", &["seite.html"], b"<p>")]).unwrap_err();
        assert!(refusal.text.contains("\"seite.html\""), "{refusal}");
        let mut attached = part("text/html", &[], b"<p>");
        attached.disposition = Some(Disposition::Attachment);
        assert!(judge(vec![attached]).is_err());
        let mut hidden = part("text/plain", &[], b"begin 644 a.exe\n");
        hidden.content.as_mut().unwrap().uuencoded = true;
        assert!(judge(vec![hidden]).is_err());
    }

    #[test]
    fn r19_name_type_and_content_agree() {
        assert_eq!(judge(vec![part("application/octet-stream", &["a.png"], PNG)]), Ok(vec![]));
        assert_eq!(judge(vec![part("image/png", &[], PNG)]), Ok(vec![]));
        for (media, names, content) in [
            ("image/png", &["a.pdf"][..], PNG),
            ("image/png", &["a.png", "a.exe"], PNG),
            ("image/png", &["a.png", "a.pdf"], PNG),
            ("image/svg+xml", &["a.png"], PNG),
            ("application/x-msdownload", &["a.png"], PNG),
            ("image/png", &["a"], PNG),
            ("application/octet-stream", &[], PNG),
            ("image/png", &[], b"MZ"),
            ("application/ms-tnef", &["winmail.dat"], b"x"),
            ("message/rfc822", &["a.eml"], b"x"),
        ] {
            assert!(judge(vec![part(media, names, content)]).is_err(), "{media} {names:?}");
        }
        let mut ambiguous = part("image/png", &["a.png"], PNG);
        ambiguous.ambiguous = true;
        assert!(judge(vec![ambiguous]).is_err());
        assert!(judge(vec![part("multipart/mixed", &[], b"--?")]).is_err());
    }

    #[test]
    fn r19_inline_pictures_are_checked_but_not_counted() {
        let mut image = part("image/png", &["a.png"], PNG);
        image.content_id = Some("1@x".to_owned());
        image.disposition = Some(Disposition::Inline);
        image.parent = Some(0);
        let parts = vec![frame("multipart/related"), image.clone()];
        assert_eq!(place(&message(parts.clone()), &parts[1]), Place::InlineImage);
        assert_eq!(judge(parts.clone()), Ok(vec![]));
        assert_eq!(attached_bytes(&message(parts)), 0);
        let elsewhere = vec![frame("multipart/mixed"), image.clone()];
        assert_eq!(attached_bytes(&message(elsewhere)), PNG.len() as u64);
        let exe = PartSummary { content: part("image/png", &[], b"MZ").content, ..image };
        assert!(judge(vec![frame("multipart/related"), exe]).is_err());
    }

    #[test]
    fn r19_signatures_sign_something() {
        let mut signature = part("application/pkcs7-signature", &["smime.p7s"], b"\x30\x82");
        let refusal = judge(vec![signature.clone()]).unwrap_err();
        assert!(refusal.text.contains("smime.p7s") && refusal.text.contains("signed message"));
        signature.is_signature = true;
        assert_eq!(judge(vec![signature]), Ok(vec![]));
        let mut other = part("image/png", &["a.png"], PNG);
        other.is_signature = true;
        assert!(judge(vec![other]).is_err());
        let mut pgp =
            part("application/pgp-signature", &["signature.asc"], b"-----BEGIN PGP SIGNATURE-----\r\n");
        pgp.is_signature = true;
        assert_eq!(judge(vec![pgp]), Ok(vec![]));
    }

    #[test]
    fn r19_appointments_are_not_on_the_default_list() {
        let parts =
            || vec![part("text/plain", &[], b"x"), part("text/calendar", &[], b"BEGIN:VCALENDAR\r\n")];
        assert!(judge(parts()).unwrap_err().text.starts_with("An appointment cannot be sent"));
        let wider = AttachmentTypes::new(["ics"], vec![]).unwrap();
        assert_eq!(check_parts(&message(parts()), &wider), Ok(vec![]));
    }

    #[test]
    fn r12_r19_the_parts_of_a_read_receipt() {
        let parts = vec![
            part("text/plain", &[], b"read"),
            part("message/disposition-notification", &[], b"Final-Recipient: x"),
        ];
        assert!(judge(parts.clone()).is_err());
        let receipt = Report { report_type: "disposition-notification".to_owned(), ..Report::default() };
        let receipt = Summary { report: Some(receipt), ..message(parts) };
        assert_eq!(check_parts(&receipt, &AttachmentTypes::default()), Ok(vec![]));
    }

    #[test]
    fn r19_encrypted_messages_get_a_sentence() {
        assert_eq!(check_readable(&Summary::default()), Ok(()));
        for why in
            [Encryption::Smime, Encryption::SmimeOpaqueSigned, Encryption::Multipart, Encryption::InlinePgp]
        {
            let refusal =
                check_readable(&Summary { encryption: Some(why), ..Summary::default() }).unwrap_err();
            assert!(refusal.text.contains("cannot be checked") && refusal.text.len() < 300);
        }
    }

    #[test]
    fn r18_all_attachments_together() {
        let parts = vec![
            part("text/plain", &[], b"text"),
            part("image/png", &["a.png"], PNG),
            part("", &["b"], b"123"),
        ];
        assert_eq!(attached_bytes(&message(parts)), PNG.len() as u64 + 3);
    }

    #[test]
    fn r19_archives_are_left_to_be_read() {
        let zip = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let message = message(vec![part("application/zip", &["a.zip"], zip)]);
        let types = AttachmentTypes::default();
        let unread = check_parts(&message, &types).unwrap();
        assert_eq!(unread.len(), 1);
        let judge = |content: &[u8]| {
            let limits = ContainerLimits::default();
            let mut content = io::Cursor::new(content);
            check_unread(&unread[0], &message, &mut content, &types, &limits, &mut Budget(1000)).unwrap()
        };
        assert_eq!(judge(zip), Ok(()));
        assert!(judge(b"PK\x05\x06").unwrap_err().text.contains("\"a.zip\""));
    }
}
