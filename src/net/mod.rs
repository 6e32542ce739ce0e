//! The wire: listeners, TLS, permits, time limits, draining, and what may be traced of all that.
//!
//! Invariants
//! * Every connection holds a [`Permit`]; no listener takes more than its [`Limits`] say.
//! * Nothing is held in a buffer while a connection idles: [`ReadBuffer`] gives its memory back.
//! * No read or write waits for ever: handshakes, writes and goodbyes carry a time limit here, reads
//!   get theirs from the protocol.
//! * What a peer wrote is never traced, only how much, and the names of parsed commands ([`Trace`]).
//!
//! Imports `types` only. Nothing else in the crate names rustls.

mod admission;
mod buffer;
mod listener;
mod server_signer;
mod shutdown;
mod sign_in_gate;
mod stream;
mod tls;
mod trace;
mod write;

pub use admission::{AccountFull, AccountPermit, Admission, Full, Limits, Origin, Permit};
pub use buffer::{LineStep, ReadBuffer};
pub use listener::{Connection, Door, DoorPatience, Security, TURNED_AWAY_AT_ONCE, bind, serve};
pub use server_signer::ServerSigner;
pub use shutdown::{Phase, Shutdown, ShutdownTrigger};
pub use sign_in_gate::{SignInGate, SignInLimits};
pub use stream::Stream;
pub use tls::{ServerTls, TlsError};
pub use trace::{Trace, TraceId};
pub use write::{close, write_all};
