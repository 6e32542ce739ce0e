//! The submission of one message: sender, recipient, data, verdict, one commit.
//!
//! A door drives it in this order, each step at most once:
//!
//! ```text
//! let submission = submitter.begin(&identity, mail_from).await?;      MAIL
//! let submission = submission.recipient(rcpt_to).await?;              RCPT
//! let mut data = submission.data(transaction);                        DATA, BDAT
//! data.push(bytes).await?  …                                          unstuffed, CRLF lines, any split
//! let accepted = data.finish().await?                                 250 after this, never before
//! ```
//!
//! Dropping any of them ends the submission without a trace that a client could see.

pub mod header;
pub mod verdict;

use crate::policy::Refusal;

/// `MAIL FROM` as the door read it.
#[derive(Clone, Debug, Default)]
pub struct MailFrom {
    /// The reverse-path without brackets; empty for `<>`.
    pub path: String,
    /// `SIZE=` (RFC 1870).
    pub size: Option<u64>,
    /// `SMTPUTF8` (RFC 6531).
    pub smtputf8: bool,
}

/// What `250` may now be said for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Delivered and committed.
    Delivered,
    /// R17: the client's retry after a lost answer; it had been delivered before.
    Repeated,
}

/// Why a submission ended without `250`.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The sentence to answer with; the session goes on.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// R18: past the wire limit. Answer and close the connection: the rest is not read.
    #[error("past the wire limit: {0}")]
    Close(Refusal),
    /// Our fault, outcome unknown or nothing happened: `451` with the trace id.
    #[error("{0}")]
    Ours(#[source] Box<dyn std::error::Error + Send + Sync>),
}
