//! What the rules look at: the header's people and ids, and each part's names, type and content.
//!
//! Nothing here is stored. Values are decoded (RFC 2047, RFC 2231, transfer encoding).

use super::{Mailbox, Role, SectionKind, TransferEncoding};
use std::ops::Range;

/// The view of a message that `policy` judges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes of the whole message.
    pub size: u64,
    /// `From:`
    pub from: AddressField,
    /// `Sender:`
    pub sender: AddressField,
    /// `Reply-To:`
    pub reply_to: AddressField,
    /// `To:`
    pub to: AddressField,
    /// `Cc:`
    pub cc: AddressField,
    /// `Bcc:`
    pub bcc: AddressField,
    /// `Mail-Followup-To:`
    pub mail_followup_to: AddressField,
    /// `Disposition-Notification-To:` (RFC 8098 §2.1)
    pub disposition_notification_to: AddressField,
    /// The first `Message-ID:`, without angle brackets.
    pub message_id: Option<String>,
    /// How often `Message-ID:` occurs.
    pub message_id_count: usize,
    /// Ids of all `In-Reply-To:` fields, without angle brackets; at most 500.
    pub in_reply_to: Vec<String>,
    /// Ids of all `References:` fields, likewise.
    pub references: Vec<String>,
    /// Whether there is a `Date:`.
    pub has_date: bool,
    /// The first `Subject:`, decoded; empty without one.
    pub subject: String,
    /// Some `Resent-…:` field occurs (R17).
    pub resent: bool,
    /// `X-Forwarded-Message-Id:` occurs (R17).
    pub forwarded_id: bool,
    /// The top header block holds bytes above 127 (needs SMTPUTF8, or is malformed).
    pub header_8bit: bool,
    /// Every section in the order of `Facts::sections`; the first is the message itself.
    pub parts: Vec<PartSummary>,
    /// Some part is `multipart/signed`; its signature part has [`PartSummary::is_signature`].
    pub is_signed: bool,
    /// The first sign that content cannot be looked into (R19).
    pub encryption: Option<Encryption>,
    /// Set for `multipart/report`.
    pub report: Option<Report>,
    /// The first limit that was reached: what lies behind it was not looked at.
    pub limit_hit: Option<LimitHit>,
}

/// All occurrences of one address field together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressField {
    /// Header fields of that name.
    pub fields: usize,
    /// Addresses in them, including those past [`super::MAX_ADDRESSES`].
    pub total: usize,
    /// The addresses; members of groups included.
    pub mailboxes: Vec<Mailbox>,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitHit {
    /// [`super::Limits::header_bytes`]
    Header,
    /// [`super::Limits::parts`]
    Parts,
    /// [`super::Limits::depth`]
    Depth,
    /// More addresses in one field, or parameters in one part's header, than are kept.
    Values,
}

/// Why content cannot be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// `application/pkcs7-mime` that is no `signed-data` (RFC 8551 §3.2.2).
    Smime,
    /// `application/pkcs7-mime` with `signed-data`: readable in principle, but the signed content,
    /// attachments included, is wrapped.
    SmimeOpaqueSigned,
    /// `multipart/encrypted` (RFC 1847), of PGP or otherwise.
    Multipart,
    /// `-----BEGIN PGP MESSAGE-----` in a text part.
    InlinePgp,
}

/// The machine-readable half of a `multipart/report`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The `report-type` parameter in lower case; `disposition-notification` for a read receipt.
    pub report_type: String,
    /// `Original-Message-ID` (RFC 8098 §3.2.5), without angle brackets.
    pub original_message_id: Option<String>,
    /// `Final-Recipient` (RFC 8098 §3.2.4): the address behind `rfc822;`.
    pub final_recipient: Option<String>,
    /// `Disposition` (RFC 8098 §3.2.6) as written.
    pub disposition: Option<String>,
}

/// One section: a leaf with content, a multipart, or a nested message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSummary {
    /// IMAP part numbers; empty for the message itself when it is a multipart.
    pub path: Vec<u32>,
    /// Index of the enclosing section in [`Summary::parts`].
    pub parent: Option<usize>,
    /// The message itself, a part of a multipart, or the message inside a `message/rfc822`.
    pub role: Role,
    /// What is inside.
    pub kind: SectionKind,
    /// `type/subtype` in lower case; `text/plain` where the header says nothing usable.
    pub media_type: String,
    /// `Content-Disposition`
    pub disposition: Option<Disposition>,
    /// Every file name the headers offer, decoded: `filename` and `name`, in RFC 2231 and in
    /// RFC 2047 form; clients differ in which they take, so each must be fit.
    pub names: Vec<String>,
    /// The `charset` parameter in lower case.
    pub charset: Option<String>,
    /// `Content-ID`, without angle brackets.
    pub content_id: Option<String>,
    /// How the body is encoded.
    pub encoding: TransferEncoding,
    /// The body as stored, before decoding.
    pub encoded: Range<u64>,
    /// A `Content-…` field or a parameter of one occurs twice, or stands in a form that mail
    /// programs read differently: what another program shows may differ from what is said here.
    pub ambiguous: bool,
    /// The second part of a `multipart/signed`.
    pub is_signature: bool,
    /// The decoded content; `None` for multiparts and nested messages, whose content is their parts.
    pub content: Option<Content>,
}

/// `Content-Disposition` (RFC 2183).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Shown in place.
    Inline,
    /// A file.
    Attachment,
    /// Any other word, in lower case; treated as attachment (RFC 2183 §2.8).
    Other(String),
}

/// What decoding a leaf showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Bytes after decoding.
    pub decoded_size: u64,
    /// The first 1,024 of them.
    pub head: Vec<u8>,
    /// SHA-256 of them all.
    pub sha256: [u8; 32],
    /// Some byte is NUL.
    pub has_nul: bool,
    /// All of it is valid UTF-8.
    pub valid_utf8: bool,
    /// A line of the form `begin 644 name`: some mail programs show what follows as a file.
    pub uuencoded: bool,
    /// Where decoding can start; about every 64 KiB, ascending, none for identity encodings.
    pub checkpoints: Vec<Checkpoint>,
}

/// A place where decoding can start afresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Offset in the decoded content.
    pub decoded: u64,
    /// The byte that follows, as offset in the message.
    pub encoded: u64,
}
