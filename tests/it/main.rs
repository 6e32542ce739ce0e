//! The one integration test binary: real PostgreSQL, real TLS, real clients.

// Tests may unwrap, and are read as specifications: pedantry about them finds nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::pedantic,
    clippy::type_complexity
)]
#![allow(missing_docs)]

mod address_book;
mod architecture;
mod asvs_authentication;
mod asvs_session;
mod audit;
mod backup;
mod break_glass;
mod carry;
mod cli_transcripts;
mod client;
mod connections;
mod demo_process;
mod device_profile;
mod device_setup;
mod devices;
mod dice;
mod dump;
mod foreign;
mod foreign_sync;
mod gateway;
mod gateway_process;
mod harness;
mod imap_door;
mod imap_limits;
mod imap_malformed;
mod imap_many_clients;
mod imap_model;
mod imap_order;
mod imap_ring;
mod imap_search;
mod imap_transcripts;
mod keys;
mod kills;
mod log_secrets;
mod notice_carriers;
mod notice_kill;
mod notices;
mod people;
mod portal_browser;
mod portal_chromium;
mod portal_demo;
mod portal_devices;
mod portal_every_page;
mod portal_flows;
mod portal_pages;
mod portal_site;
mod portal_web;
mod restore;
mod retention;
mod round_trips;
mod schema_upgrades;
mod search_index;
mod service_submit;
mod signature;
mod smtp_transcripts;
mod status;
mod store_accounts;
mod store_flags;
mod store_mail;
mod submission_door;
mod transcript;
mod verify;
