//! APPEND and REPLACE, piece by piece as they come, and the flags that STORE carries too.

use super::{By, Tag};
use crate::types::{Flags, Keyword, MailboxName};

/// Flags by name, as STORE and APPEND carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagNames {
    /// System flags only.
    pub system: Flags,
    /// Each once.
    pub keywords: Vec<Keyword>,
}

/// An APPEND, or a REPLACE, up to its first literal, or whole when it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Goes back with the reply.
    pub tag: Tag,
    /// Where to.
    pub mailbox: MailboxName,
    /// The message that goes when the new one is there (RFC 8508).
    pub replaces: Option<Replaced>,
    /// What is to be done so far.
    pub steps: Vec<AppendStep>,
}

impl Append {
    /// The command's keyword, as [`CommandBody::name`].
    pub fn name(&self) -> &'static str {
        match self.replaces {
            None => "APPEND",
            Some(replaced) => replaced.by.pick("REPLACE", "UID REPLACE"),
        }
    }
}

/// The message that REPLACE removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// How it is counted.
    pub by: By,
    /// `None` is `*`.
    pub message: Option<u32>,
}

/// What APPEND says, piece by piece. The last of those that come together is `Literal` or `End`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendStep {
    /// A message begins (several: RFC 3502).
    Message(AppendMessage),
    /// CATENATE: the octets behind this URL follow (RFC 4469).
    Url(String),
    /// Octets follow, once the driver accepts them.
    Literal(Literal),
    /// The message is complete.
    MessageEnd,
    /// The command is complete.
    End,
}

/// One message of an APPEND, before its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendMessage {
    /// Flags it gets.
    pub flags: FlagNames,
    /// Internal date, Unix seconds; now if `None`.
    pub internal_date: Option<i64>,
}

/// The head of a literal that is streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Bytes.
    pub size: u64,
    /// The client waits for `+` before it sends them.
    pub synchronising: bool,
    /// How it was written.
    pub form: LiteralForm,
}

/// How a literal was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiteralForm {
    /// `{n}`
    Plain,
    /// `~{n}` (RFC 3516): may hold NUL.
    Binary,
    /// `UTF8 (~{n}` (RFC 6855 §4)
    Utf8,
}
