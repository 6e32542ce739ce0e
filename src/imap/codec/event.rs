//! What the decoder tells its driver.

use crate::imap::command::{Append, AppendStep, Command, NotifyEvent, Tag};
use crate::types::Secret;

/// One thing that happened on the wire.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'i> {
    /// A whole command.
    Command(Command),
    /// The client waits to send a literal: write [`CONTINUE`](super::CONTINUE) and flush.
    Continue,
    /// An APPEND or REPLACE up to its first literal. If its steps end with one, answer with
    /// `accept_append` or `refuse_append` before the next `decode`; after acceptance a synchronising
    /// literal brings [`Event::Continue`] first.
    Append(Append),
    /// The next bytes of the literal. The whole of it has come when [`Event::AppendSteps`] comes.
    AppendData(&'i [u8]),
    /// The literal is complete, and this is what follows it. If it ends with a literal: as above; if with
    /// the command: now answer it. If [`Event::Refused`] comes instead, something else followed, and
    /// nothing of the whole command may be stored.
    AppendSteps(Vec<AppendStep>),
    /// The line that `expect_sasl` announced.
    Sasl(SaslResponse),
    /// IDLE ended as it should.
    Done,
    /// Something else than DONE came in IDLE, which is over: answer BAD with IDLE's tag.
    NotDone,
    /// A command that is answered here and now, by [`Refusal::write`].
    Refused(Refusal),
    /// The client cannot be followed any more: say `* BYE` with this text, and close.
    Close(&'static str),
}

/// A client's answer to a SASL challenge (RFC 9051 §6.2.2).
#[derive(Debug, PartialEq, Eq)]
pub enum SaslResponse {
    /// Decoded from base64.
    Data(Secret),
    /// `*`
    Cancel,
    /// No base64: answer BAD.
    Malformed,
}

/// Why a command got no further than the codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `None` when not even the tag could be read: the reply is untagged.
    pub tag: Option<Tag>,
    /// NO or BAD.
    pub status: RefusalStatus,
    /// Response code.
    pub code: Option<RefusalCode>,
    /// Says what was wrong, never what was sent.
    pub text: &'static str,
    /// It was a search to be saved: nothing is saved any more (RFC 5182 §2.1).
    pub forgets_saved: bool,
}

/// How a refusal is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalStatus {
    /// Understood, but cannot be.
    No,
    /// Not understood.
    Bad,
}

/// Response codes of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCode {
    /// RFC 7889 §4, RFC 4469: literal too big.
    TooBig,
    /// RFC 6154 §3: no such special use.
    UseAttr,
    /// RFC 9051 §7.1: with the list of charsets.
    BadCharset,
    /// RFC 5530 §3: this name can never be.
    Cannot,
    /// RFC 5530 §3: too many or too long.
    Limit,
    /// RFC 5465 §3.1: with the events that are known.
    BadEvent,
}

impl Refusal {
    /// Appends the reply line.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.tag.as_ref().map_or("*", Tag::as_str).as_bytes());
        out.extend_from_slice(match self.status {
            RefusalStatus::No => b" NO ",
            RefusalStatus::Bad => b" BAD ",
        });
        match self.code {
            None => {}
            Some(RefusalCode::TooBig) => out.extend_from_slice(b"[TOOBIG] "),
            Some(RefusalCode::UseAttr) => out.extend_from_slice(b"[USEATTR] "),
            Some(RefusalCode::BadCharset) => {
                out.extend_from_slice(b"[BADCHARSET (US-ASCII UTF-8 ISO-8859-1 ISO-8859-15 WINDOWS-1252)] ");
            }
            Some(RefusalCode::Cannot) => out.extend_from_slice(b"[CANNOT] "),
            Some(RefusalCode::Limit) => out.extend_from_slice(b"[LIMIT] "),
            Some(RefusalCode::BadEvent) => {
                let events = NotifyEvent::ALL.map(NotifyEvent::as_str).join(" ");
                out.extend_from_slice(format!("[BADEVENT ({events})] ").as_bytes());
            }
        }
        out.extend_from_slice(self.text.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// How far the session went towards UTF-8. Rules mailbox names on the wire, both ways, and what a
/// quoted string may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Utf8Mode {
    /// RFC 3501: names in modified UTF-7.
    #[default]
    Off,
    /// IMAP4rev2 enabled: names in UTF-8.
    Rev2,
    /// `UTF8=ACCEPT` enabled (RFC 6855): likewise, and SEARCH takes no CHARSET.
    Accept,
}
