//! What sets up a person's devices and what they read beside mail: settings in each form that programs ask
//! for, profiles, cards and the language of address books.
//!
//! Invariants: pure. Settings are about the servers alone: what is answered to anybody depends on no account,
//! so it tells nobody who has one (R27). Only TLS from the first byte is announced (RFC 8314 §3). The user name
//! is the secure address (R30).

pub mod autoconfig;
pub mod autodiscover;
pub mod carddav;
pub mod cms;
pub mod dns;
pub mod profile;
mod servers;
pub mod vcard;

pub use servers::{Server, Servers};
