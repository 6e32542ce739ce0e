//! What leaves the house (R11, R23): taking notices from the outbox, writing their words, handing them to a
//! smarthost, to a provider of texts and calls, or to files.
//!
//! Invariants: a notice holds no subject, no text, no attachment name and nothing of a patient: there is
//! nothing in [`crate::types::NoticeContent`] to take it from. Links, codes and addresses are in no log and
//! in no error. Each carrier is given the notice's id as idempotency key. Everything that connects out of
//! this program is here. Imports `store` and `types`; nobody but `cli` imports it.

pub mod english;
pub mod outbox_dir;
pub mod provider;
pub mod smarthost;
pub mod words;
pub mod worker;

pub use outbox_dir::OutboxDir;
pub use provider::Provider;
pub use smarthost::Smarthost;
pub use words::{Place, Written, write};
pub use worker::{Carriers, Worker, WorkerSettings};

use crate::types::NoticeId;

/// A notice on its way: who gets it and what it says.
#[derive(Clone)]
pub struct Letter {
    /// Idempotency key.
    pub id: NoticeId,
    /// The word of its kind, for files and figures.
    pub kind: &'static str,
    /// Email address or E.164 number.
    pub to: String,
    /// The person's name; empty: not known.
    pub name: String,
    /// When it was put into the outbox.
    pub created_at: std::time::SystemTime,
    /// When it is sent.
    pub at: std::time::SystemTime,
    /// What it says.
    pub written: Written,
}

/// Why a carrier did not take a notice. The texts hold no address, number, link or code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarryError {
    /// It may go well later.
    #[error("{0}")]
    Later(String),
    /// It never will.
    #[error("{0}")]
    Never(String),
}
