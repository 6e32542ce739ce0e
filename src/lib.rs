//! postern: a closed-system secure-mail gateway.
//!
//! Three doors ([`smtp`], [`imap`], [`portal`]) lead to use cases ([`service`]), which ask rules
//! ([`policy`], pure) and storage ([`store`], all SQL). A protocol machine does no I/O; a `conn`
//! drives it. `tests/it/architecture.rs` holds the table of who may import whom.

pub mod cli;
pub mod clock;
pub mod config;
pub mod devices;
pub mod imap;
pub mod mime;
pub mod net;
pub mod notices;
pub mod policy;
pub mod portal;
pub mod service;
pub mod smtp;
pub mod store;
pub mod types;
