//! MIME: one incremental pass over a message, and what is kept of it.
//!
//! * [`Scanner`] reads the bytes as they will be stored and yields a [`Scan`]: [`Facts`] (what IMAP
//!   answers, stored with the message, ready to be sent) and [`Summary`] (what `policy` looks at).
//! * [`FactsRef`] reads stored facts without copying; [`locate`](FactsRef::locate) finds `BODY[…]`.
//! * Header tools ([`fields`], [`select_header_fields`], [`decode_header`], [`addresses`],
//!   [`message_ids`]) and decoders ([`TransferDecoder`], [`TextDecoder`]) serve
//!   everybody who reads a message later.
//!
//! Invariants: the same bytes give the same [`Scan`] however they are split; memory is bounded by
//! [`Limits`], whatever comes; no input panics. Header values that clients see stay as the sender
//! wrote them; decoding is for rules and search. Imports `types` at most, never tokio.

mod address;
mod base_subject;
mod charset;
mod content;
mod date;
mod encoded_word;
mod entity;
mod envelope;
mod facts;
mod field;
mod locate;
mod message_id;
mod outcome;
mod parameter;
mod preview;
#[cfg(test)]
mod properties;
mod scan;
pub mod signature;
mod structure;
mod summary;
mod thread_id;
mod transfer;
mod wire;

pub use address::{FirstAddress, MAX_ADDRESSES, Mailbox, addresses, first_address};
pub use base_subject::{BaseSubject, base_subject};
pub use charset::TextDecoder;
pub use date::{SentDate, sent_date};
pub use encoded_word::decode_header;
pub use facts::{Facts, FactsError, FactsRef, Role, Section, SectionKind, SectionRef};
pub use field::{Field, fields, select_header_fields, unfold};
pub use locate::{SectionPart, SectionSpec};
pub use message_id::message_ids;
pub use preview::{TextForm, preview, preview_part};
pub use scan::Scanner;
pub use summary::{
    AddressField, Checkpoint, Content, Disposition, Encryption, LimitHit, PartSummary, Report, Summary,
};
pub use thread_id::thread_id;
pub use transfer::{TransferDecoder, TransferEncoding};

/// How much of a message's structure is followed. Past a limit the rest counts as opaque body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the top header block; the header blocks of all parts together get as much again.
    pub header_bytes: usize,
    /// Parts, multiparts and nested messages counted too.
    pub parts: usize,
    /// Levels of multiparts and nested messages.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { header_bytes: 256 * 1024, parts: 1000, depth: 50 }
    }
}

/// What one pass found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Stored with the message.
    pub facts: Facts,
    /// For the rules; its `parts` stand in the same order as `facts.sections`.
    pub summary: Summary,
}
