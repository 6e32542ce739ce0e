//! An account held against a naive model of one: a command at a time with every answer checked
//! (`sequential`), and at once with an order looked for that explains the answers (`concurrent`).
//!
//! `POSTERN_CASES` and `POSTERN_HISTORIES` say how many, `POSTERN_SEED` which histories. What fails becomes a
//! transcript in tests/transcripts/imap.

mod concurrent;
mod model;
mod sequential;
mod session;
