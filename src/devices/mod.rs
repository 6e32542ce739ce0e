//! What sets up a person's devices: where this system's servers are, in each form that mail programs ask
//! for.
//!
//! Invariants: pure, and about the servers alone: what is answered to anybody depends on no account, so it
//! tells nobody who has one (R27). Only TLS from the first byte is announced (RFC 8314 §3). The user name
//! is the secure address (R30).

pub mod autoconfig;
pub mod autodiscover;
pub mod cms;
pub mod dns;
pub mod profile;
mod servers;

pub use servers::{Server, Servers};
