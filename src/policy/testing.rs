//! Summaries by hand, for the tests of the rules.

use crate::mime::{AddressField, Content, Mailbox, PartSummary, Role, SectionKind, TransferEncoding};

/// One address field with these addresses.
pub fn field(addresses: &[&str]) -> AddressField {
    let mailboxes: Vec<Mailbox> =
        addresses.iter().map(|a| Mailbox { display_name: None, address: (*a).to_owned() }).collect();
    AddressField { fields: usize::from(!addresses.is_empty()), total: mailboxes.len(), mailboxes }
}

/// A part with this content.
pub fn part(media_type: &str, names: &[&str], content: &[u8]) -> PartSummary {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content);
    PartSummary {
        path: vec![1],
        parent: None,
        role: Role::Part(1),
        kind: SectionKind::Leaf,
        media_type: media_type.to_owned(),
        disposition: None,
        names: names.iter().map(|n| (*n).to_owned()).collect(),
        charset: None,
        content_id: None,
        encoding: TransferEncoding::Binary,
        encoded: 0..content.len() as u64,
        ambiguous: false,
        is_signature: false,
        content: Some(Content {
            decoded_size: content.len() as u64,
            head: content[..content.len().min(1024)].to_vec(),
            sha256: digest.as_ref().try_into().unwrap(),
            has_nul: content.contains(&0),
            valid_utf8: std::str::from_utf8(content).is_ok(),
            uuencoded: false,
            checkpoints: Vec::new(),
        }),
    }
}
