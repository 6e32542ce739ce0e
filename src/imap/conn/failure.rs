//! Why a command came to nothing, and the words for it.
//!
//! Invariant: what is the server's own fault is logged here and named to the client by its trace id alone.

use std::io;

use super::Client;
use crate::imap::reply::{Code, Reply};
use crate::imap::wire::Bytes;
use crate::service::mailbox::MailError;

/// What a command comes to.
pub type Answer = Result<Reply, Failure>;

/// Why a command came to nothing.
#[derive(Debug)]
pub enum Failure {
    /// Refused: the client is told so, and the session goes on.
    Refused(Reply),
    /// The store said no, or failed.
    Mail(MailError),
    /// The connection is of no more use.
    Broken(io::Error),
}

impl From<Reply> for Failure {
    fn from(reply: Reply) -> Self {
        Self::Refused(reply)
    }
}

impl From<MailError> for Failure {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl<S: Bytes> Client<S> {
    /// The words for a failure; ours are logged here, and named by the trace id alone.
    pub fn reply_to(&self, name: &'static str, failure: Failure) -> Reply {
        let error = match failure {
            Failure::Refused(reply) => return reply,
            Failure::Broken(_) => return Reply::no("the connection broke"),
            Failure::Mail(error) => error,
        };
        let (code, text) = match &error {
            MailError::NoMailbox => (Code::NonExistent, "There is no such folder"),
            MailError::Exists => (Code::AlreadyExists, "There is already a folder of that name"),
            MailError::Full => (Code::Limit, "This folder cannot take another kind of label"),
            MailError::HasChildren => (Code::HasChildren, "This folder has folders in it"),
            MailError::Forbidden => (Code::Cannot, "This cannot be done with this folder"),
            MailError::NotSelectable => {
                (Code::NonExistent, "This folder holds no messages, only other folders")
            }
            MailError::UseTaken => (Code::UseAttr, "Another folder is already used for this"),
            MailError::TooMany => (Code::Limit, "There are too many folders"),
            MailError::TooManyAnnotations => (Code::MetadataTooMany, "This folder cannot take another note"),
            MailError::OverQuota => (Code::OverQuota, "The storage of this account is used up"),
            MailError::Name(_) => (Code::Cannot, "A folder cannot have this name"),
            MailError::NoMessage => (Code::ExpungeIssued, "The message is no longer there"),
            MailError::StagedGone => (Code::Unavailable, "The message arrived too slowly, please try again"),
            MailError::Joined | MailError::OutcomeUnknown | MailError::Store(_) => {
                let trace = self.peer.trace.id();
                tracing::error!(command = name, %error, "a command failed");
                let text =
                    format!("Something went wrong on the server, please try again (reference {trace})");
                return Reply::no(text).with(Code::ServerBug);
            }
        };
        Reply::no(text).with(code)
    }
}
