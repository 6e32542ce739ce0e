//! Bytes to typed commands, and replies to bytes. Pure: it does no I/O and knows no session.
//!
//! [`Decoder::decode`] is fed whatever arrived, split anywhere, and gives one [`Event`] at a time.
//! Invariants: nothing it is fed makes it panic or hold more than [`Limits::command`] bytes; the
//! bytes of a message that is appended are never held at all; no error text repeats what the
//! client sent; what it did hold is wiped.

mod cursor;
mod decoder;
pub mod encode;
mod event;
mod limits;
mod parse;

pub use decoder::Decoder;
pub use event::{Event, Refusal, RefusalCode, RefusalStatus, SaslResponse, Utf8Mode};
pub use limits::Limits;

/// A section as `BODY[…]` has it between its brackets, from elsewhere (IMAP URLs).
pub fn section_spec(spec: &str) -> Option<crate::imap::command::Section> {
    parse::section_spec(spec)
}

/// What [`Event::Continue`] asks to be written.
pub const CONTINUE: &[u8] = b"+ OK\r\n";

#[cfg(test)]
mod client;
#[cfg(test)]
mod notify_tests;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
