//! R22: the person's signature, appended to a message on its way in.
//!
//! [`Signing`] is fed a whole message, header included, and gives back the message with the signature
//! behind the text of its body: the first inline `text/plain` and `text/html`, both where a
//! `multipart/alternative` offers both, wherever `mixed` and `related` nest them.
//!
//! Decisions
//! * The place is the end of the text, below quoted text too, as `-- ` (RFC 3676 §4.3) and the lines; in
//!   HTML before the `</body>` that ends it, as text with line breaks.
//! * It is there already, and not written twice, when its words stand outside quoted text at the end of
//!   the text or right before quoted text (an attribution of a few words between them); line breaks,
//!   blanks and mark-up do not count. Quoted is what begins with `>`, what lies in a `blockquote`, and all
//!   behind the line that Outlook writes above the message it answers.
//! * It is written in the part's own charset and transfer encoding. Where these cannot hold it, HTML gets
//!   numeric character references, and plain text becomes UTF-8 in quoted-printable, if every character
//!   of it is known; else what the charset lacks becomes `?`.
//! * Never touched: `multipart/signed`, `multipart/encrypted`, `application/pkcs7-mime`, reports, OpenPGP
//!   written into a text, parts with a file name, and whatever mail programs would read differently. A
//!   message that reaches a limit of the pass goes on as it came.
//!
//! Invariants: a message without anything to sign comes out byte for byte; parts that are not signed
//! always do; structure and part numbers stay; how the input is split changes nothing; at most
//! [`HOLD`] bytes of a text and the header blocks that [`Limits`](super::Limits) allows are held.

mod compose;
mod leaf;
mod present;
#[cfg(test)]
mod properties;
mod quoted;
mod text;
mod walk;

pub use text::Signature;
pub use walk::Signing;

/// Encoded bytes of a text that are held until its end is known; of a longer one only the end is.
pub const HOLD: usize = 128 * 1024;

/// A part as the client sent it, before the signature: what tells a repeated submission (R17) and the
/// client's own copy (R28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// IMAP part numbers.
    pub path: Vec<u32>,
    /// The `charset` parameter in lower case.
    pub charset: Option<String>,
    /// Bytes after decoding.
    pub decoded_size: u64,
    /// SHA-256 of them.
    pub sha256: [u8; 32],
}

/// Which of the two bodies a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plain,
    Html,
}
