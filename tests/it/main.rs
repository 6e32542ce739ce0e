//! The one integration test binary: real PostgreSQL, real TLS, real clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod architecture;
mod cli_transcripts;
mod client;
mod demo_process;
mod foreign;
mod gateway;
mod harness;
mod imap_transcripts;
mod kills;
mod service_submit;
mod smtp_transcripts;
mod store_accounts;
mod submission_door;
mod transcript;
