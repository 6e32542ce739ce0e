//! The submission door: RFC 6409 over RFC 5321, TLS by RFC 8314 or RFC 3207.
//!
//! | RFC | |
//! |---|---|
//! | 1870 SIZE, 2034 ENHANCEDSTATUSCODES, 2920 PIPELINING, 3030 CHUNKING (not BINARYMIME) | yes |
//! | 3207 STARTTLS, 4954 AUTH (PLAIN, LOGIN; under TLS only), 6152 8BITMIME, 6531 SMTPUTF8 | yes |
//! | 8689 REQUIRETLS (nothing is ever relayed, so it holds), 9422 LIMITS RCPTMAX=1 (R13) | yes |
//! | 3461 DSN | not offered: its parameters get 555 |
//!
//! Invariants
//! * Nothing but EHLO, NOOP, STARTTLS and QUIT before TLS; no mail before sign-in (R11).
//! * [`session`] is pure: bytes in, replies and wishes out. [`conn`] fulfils the wishes over a stream.
//! * 250 to a message goes out only after its commit; a message that got no answer may be sent again (R17).
//! * Message content never rests here: it goes to [`crate::service::submit`] as it comes, and the client
//!   waits while the store is busy.

use std::time::Duration;

mod command;
mod conn;
mod data;
mod reply;
pub mod session;
mod sign_in;

pub use command::Mail;
pub use conn::{Server, when_full};
pub use reply::{Reply, Utf8};
pub use sign_in::Credentials;

/// What the operator decides about the door.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's own name, in the greeting and in `Received:`.
    pub hostname: String,
    /// Errors of one session, refused recipients counted, before it ends. A delivered message starts the count anew.
    pub max_errors: u32,
    /// How long a client may take, and we to write to it.
    pub patience: Patience,
    /// Failed sign-ins of one connection before it ends. R4 is the rule for accounts; this one spares us work.
    pub max_failed_sign_ins: u32,
}

impl Settings {
    /// Longest command line, CRLF not counted: RFC 5321 §4.5.3.1.4 asks for 512, extensions and UTF-8
    /// addresses for more.
    pub const MAX_LINE: usize = 2048;
    /// Longest line of a sign-in, CRLF not counted (RFC 4954 §4 asks for 12288).
    pub const MAX_SIGN_IN_LINE: usize = 12_288;
    /// Octets of one line that are swallowed, after it was refused for its length, before the session ends.
    pub const MAX_SWALLOWED_LINE: usize = 1 << 20;
    /// Largest `BDAT` chunk that is swallowed from somebody who has not signed in.
    pub const MAX_STRANGERS_CHUNK: u64 = 64 * 1024;
    /// Octets past the wire limit that are swallowed before the session ends, so that it is the verdict's
    /// sentence, which knows the practice's limit, that the user sees.
    pub const OVERSHOOT: u64 = 1 << 20;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hostname: "localhost".to_owned(),
            max_errors: 20,
            patience: Patience::default(),
            max_failed_sign_ins: 10,
        }
    }
}

/// Time limits (RFC 5321 §4.5.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From the connection to the sign-in, all in all.
    pub sign_in: Duration,
    /// Between two commands (§4.5.3.2.7: at least 5 minutes).
    pub command: Duration,
    /// Between two pieces of a message.
    pub content: Duration,
    /// Without our output moving: the client has stopped reading.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            sign_in: Duration::from_mins(5),
            command: Duration::from_mins(5),
            content: Duration::from_mins(5),
            write: Duration::from_mins(1),
        }
    }
}
