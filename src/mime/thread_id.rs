//! To which conversation a message belongs (RFC 8474 §5.2), by what it says itself: the message that the
//! conversation began with, as the first of `References:` names it, else `In-Reply-To:`, else it is the
//! first one itself. So all copies have the same id, in whatever mailbox, and nothing need be stored.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};

use super::{fields, message_ids};
use crate::types::BodyId;

/// THREADID of a message with this header block; `body` tells those apart that name no message at all.
pub fn thread_id(header: &[u8], body: BodyId) -> String {
    let first = |name: &'static str| {
        let values = fields(header).filter(move |field| field.is(name));
        // Without an "@" it is none (RFC 5322 §3.6.4).
        values.flat_map(|field| message_ids(field.value)).find(|id| id.contains('@'))
    };
    let root = first("references").or_else(|| first("in-reply-to")).or_else(|| first("message-id"));
    let hash = match root {
        Some(root) => digest(&SHA256, format!("<{root}>").as_bytes()),
        None => digest(&SHA256, body.0.as_bytes()),
    };
    let mut id = String::with_capacity(33);
    // A letter first, so that no program takes it for a number (§8.1).
    id.push('T');
    for byte in &hash.as_ref()[..16] {
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str, body: u128) -> String {
        thread_id(header.replace('\n', "\r\n").as_bytes(), BodyId(uuid::Uuid::from_u128(body)))
    }

    #[test]
    fn an_answer_has_the_id_of_what_it_answers() {
        let first = of("Message-ID: <1@a>\nSubject: x\n\n", 1);
        assert_eq!(first.len(), 33);
        assert!(first.starts_with('T') && first.bytes().all(|b| b.is_ascii_alphanumeric()));
        for answer in [
            "Message-ID: <2@a>\nIn-Reply-To: <1@a>\n\n",
            "Message-ID: <3@a>\nReferences: <1@a>\n <2@a>\nIn-Reply-To: <2@a>\n\n",
            "References: junk <1@a>\n\n",
            "Message-ID: <1@a>\n\n",
        ] {
            assert_eq!(of(answer, 2), first, "{answer}");
        }
        assert_ne!(of("Message-ID: <4@a>\n\n", 1), first);
    }

    #[test]
    fn who_names_nothing_is_alone() {
        assert_eq!(of("Subject: x\n\n", 1), of("", 1));
        assert_ne!(of("Subject: x\n\n", 1), of("Subject: x\n\n", 2));
    }
}
