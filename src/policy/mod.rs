//! The portal's rules, pure: one file per topic, one function per rule.
//!
//! Invariants: a rule looks at facts that were gathered for it (the MIME pass, a lookup) and answers
//! `Ok(())` or a [`Refusal`], a sentence for the person at the mail program; it never changes
//! anything, never waits, never panics on what a peer sent. Imports `mime` and `types` only; never tokio.
//!
//! The order in which `service::submit` asks: [`size`] and [`sender`] at MAIL, [`recipient`] at RCPT;
//! at the end of the data [`form`], [`sender`], [`recipient`], [`forward`], [`reply`], [`attachment`]
//! with [`size`], and last, by the store, [`retry`].

pub mod attachment;
pub mod form;
pub mod forward;
pub mod password;
pub mod people;
pub mod recipient;
mod refusal;
pub mod reply;
pub mod retry;
pub mod sender;
mod settings;
pub mod size;
#[cfg(test)]
mod testing;
pub mod totp;

pub use refusal::{Refusal, quoted};
pub use settings::Settings;
