//! The portal's rules, pure: one file per topic, one function per rule.
//!
//! Invariants: a rule looks at facts that were gathered for it (the MIME pass, a lookup) and answers
//! `Ok(())` or a [`Refusal`], a sentence for the person at the mail program; it never changes
//! anything, never waits, never panics on what a peer sent. Imports `mime` and `types` only; never tokio.

pub mod attachment;
mod refusal;
mod settings;
pub mod size;

pub use refusal::{Refusal, quoted};
pub use settings::Settings;
