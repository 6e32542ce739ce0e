//! The search index of one mailbox: which words its messages hold, so that a search opens no message
//! that cannot match, and mostly none at all.
//!
//! A [`words::Words`] is one message: every run of letters and digits of its folded text (`fold`), every
//! pair of neighbours at the edge of a run, every single sign, alone and with two characters on either side, each
//! with the places where it stands ([`class`]). A [`segment`] is a run of messages: its words sorted, each with the messages that hold it.
//! Since a text is looked for among *words*, not at their beginnings, any substring is found; a text
//! within one run, or of up to three characters, or with a sign in its middle, is answered exactly; a longer one narrows the candidates,
//! which are then opened and read as without an index ([`question::Question`]).
//!
//! Invariants: pure, no I/O. A segment says nothing of messages that it does not name and never a wrong
//! thing of those that it names, since what stands under a UID never changes; so a segment that is missing,
//! old or dropped costs time alone. Messages with too many words are named as open: they are always read.

pub(super) mod merge;
pub(super) mod question;
pub(super) mod segment;
mod terms;
pub(super) mod words;

#[cfg(test)]
mod tests;

/// Where a word stands; bits.
pub(super) mod class {
    /// A text part.
    pub const BODY: u8 = 1;
    /// A header block, of the message or of a part, as TEXT sees it.
    pub const HEAD: u8 = 2;
    /// The value of `Subject:`.
    pub const SUBJECT: u8 = 4;
    /// The value of `From:`, or an address in it in plain form.
    pub const FROM: u8 = 8;
    /// As [`FROM`].
    pub const TO: u8 = 16;
    /// As [`FROM`].
    pub const CC: u8 = 32;
    /// As [`FROM`].
    pub const BCC: u8 = 64;
    /// What TEXT looks into.
    pub const TEXT: u8 = BODY | HEAD;
}
