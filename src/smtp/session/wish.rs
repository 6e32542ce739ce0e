//! What passes between the machine and whoever drives it.

use crate::smtp::command::Mail;
use crate::smtp::reply::Reply;
use crate::smtp::sign_in::Credentials;

/// What the machine wants done before it goes on.
#[derive(Debug)]
pub enum Step {
    /// Write [`Session::take_output`], then read more.
    Read,
    /// Write [`Session::take_output`], then call again.
    Write,
    /// Write, put TLS over the stream, throw away what was read in the clear; then [`Session::tls_started`].
    StartTls,
    /// Check these; answer.
    SignIn(Credentials),
    /// Begin a submission; answer.
    Mail(Mail),
    /// Its recipient, without brackets; answer.
    Recipient(String),
    /// Take [`Session::content`]; answer. `Accept` needs no words.
    Content,
    /// The content is complete: verdict and commit; answer.
    Finish,
    /// Drop the submission; no answer.
    Abandon,
    /// Write, then close.
    Close,
}

/// The answer to a wish.
#[derive(Debug)]
pub enum Answer {
    /// Done.
    Accept,
    /// Done, in these words.
    AcceptWith(Reply),
    /// Signed in; messages on the wire may have this many octets.
    SignedIn {
        /// R18, for this account.
        max_size: u64,
    },
    /// Not done.
    Refuse(Reply),
    /// Not done, and the session ends.
    Close(Reply),
}

/// How long the client may take for what it does now (see `conn`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaiting {
    /// A command, from somebody who has not signed in.
    StrangersCommand,
    /// A command.
    Command,
    /// Message content.
    Content,
}
