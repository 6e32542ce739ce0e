//! R17, R28: when two messages with one Message-ID are the same message.
//!
//! A client that lost our answer sends the message again, and it saves its own copy to Sent. Both
//! may have another Date and other boundaries, another transfer encoding, no Bcc. What stays is the
//! decoded subject and the decoded parts. The recipient is compared beside the fingerprint, as an
//! account, because either of a person's addresses may stand there.

use super::Refusal;
use crate::mime::{SectionKind, Summary};
use crate::types::SpecialUse;

/// The bytes to be keyed (`store.lookup().fingerprint`) and compared: never stored as they are.
///
/// Form, version 1: the subject, then for each part that has content its part numbers, media type,
/// charset, file names, decoded length and SHA-256; every field with its length in front.
pub fn fingerprint(message: &Summary) -> Vec<u8> {
    let mut out = vec![1];
    put(&mut out, message.subject.as_bytes());
    for part in message.parts.iter().filter(|p| p.kind == SectionKind::Leaf) {
        put(&mut out, &part.path.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<_>>());
        put(&mut out, part.media_type.as_bytes());
        put(&mut out, part.charset.as_deref().unwrap_or_default().as_bytes());
        put(&mut out, &(part.names.len() as u64).to_be_bytes());
        for name in &part.names {
            put(&mut out, name.as_bytes());
        }
        if let Some(content) = &part.content {
            put(&mut out, &content.decoded_size.to_be_bytes());
            put(&mut out, &content.sha256);
        }
    }
    out
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// R17: the Message-ID was used before, for another message.
pub fn other_content() -> Refusal {
    Refusal::new(
        "R17",
        550,
        "5.7.1",
        "A message with the same Message-ID was sent before with other content; please write it as a new message",
    )
}

/// R28: what to look for when a client appends to a mailbox: the client's own copy of a message
/// that this account submitted. `None`: the append stores, whatever it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentCopy {
    /// The Message-ID, without brackets.
    pub message_id: String,
    /// See [`fingerprint`].
    pub fingerprint: Vec<u8>,
}

/// R28: only in the folder marked `\Sent`, only for a message that says which one it is.
pub fn sent_copy(special_use: Option<SpecialUse>, message: &Summary) -> Option<SentCopy> {
    let message_id = message.message_id.clone().filter(|_| message.message_id_count == 1)?;
    (special_use == Some(SpecialUse::Sent))
        .then(|| SentCopy { message_id, fingerprint: fingerprint(message) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::part;

    fn message() -> Summary {
        Summary {
            subject: "Röntgen".to_owned(),
            message_id: Some("1@x".to_owned()),
            message_id_count: 1,
            parts: vec![part("text/plain", &[], b"Hallo"), part("image/png", &["a.png"], b"\x89PNG")],
            ..Summary::default()
        }
    }

    #[test]
    fn r17_date_and_boundaries_may_differ() {
        let mut again = message();
        again.has_date = true;
        again.size += 100;
        again.parts[1].encoded = 7..9;
        again.in_reply_to.push("x@y".to_owned());
        assert_eq!(fingerprint(&message()), fingerprint(&again));
    }

    #[test]
    fn r17_subject_and_parts_may_not() {
        let changes: [fn(&mut Summary); 6] = [
            |m| m.subject.push('!'),
            |m| m.parts[0] = part("text/plain", &[], b"Hello"),
            |m| m.parts[1].names = vec!["b.png".to_owned()],
            |m| m.parts[1].media_type = "image/gif".to_owned(),
            |m| drop(m.parts.pop()),
            |m| m.parts.push(part("text/plain", &[], b"")),
        ];
        for change in changes {
            let mut other = message();
            change(&mut other);
            assert_ne!(fingerprint(&message()), fingerprint(&other));
        }
        assert_eq!(other_content().rule, "R17");
    }

    #[test]
    fn r28_only_in_sent_and_only_with_one_id() {
        assert!(sent_copy(Some(SpecialUse::Sent), &message()).is_some());
        assert_eq!(sent_copy(None, &message()), None);
        assert_eq!(sent_copy(Some(SpecialUse::Drafts), &message()), None);
        let nameless = Summary { message_id: None, message_id_count: 0, ..message() };
        assert_eq!(sent_copy(Some(SpecialUse::Sent), &nameless), None);
    }
}
