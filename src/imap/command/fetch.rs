//! FETCH and what can be fetched; STORE; COPY and MOVE.

use super::{By, FlagChange, FlagNames, MessageSet, PartialRange};
use crate::types::{MailboxName, ModSeq};

/// FETCH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// How the set counts.
    pub by: By,
    /// Which messages.
    pub set: MessageSet,
    /// In the order asked, macros written out, no doubles.
    pub items: Vec<FetchItem>,
    /// What stands in parentheses behind the items (RFC 4466 §2.1).
    pub modifiers: FetchModifiers,
}

/// Which of the messages named are answered, and what is told besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchModifiers {
    /// `CHANGEDSINCE n` (RFC 7162 §3.1.4.1)
    pub changed_since: Option<ModSeq>,
    /// `VANISHED` (RFC 7162 §3.2.6); the codec takes it in UID FETCH alone, and with CHANGEDSINCE alone.
    pub vanished: bool,
    /// `PARTIAL` (RFC 9394 §3.3); in UID FETCH alone.
    pub partial: Option<PartialRange>,
}

/// One thing to fetch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FetchItem {
    /// `UID`
    Uid,
    /// `FLAGS`
    Flags,
    /// `INTERNALDATE`
    InternalDate,
    /// `RFC822.SIZE`
    Rfc822Size,
    /// `ENVELOPE`
    Envelope,
    /// `BODY`
    Body,
    /// `BODYSTRUCTURE`
    BodyStructure,
    /// `MODSEQ` (RFC 7162)
    ModSeq,
    /// `PREVIEW`, with `(LAZY)` too (RFC 8970): reading the first chunk of a message is no undue delay.
    Preview,
    /// `SAVEDATE` (RFC 8514)
    SaveDate,
    /// `EMAILID` (RFC 8474 §5.3)
    EmailId,
    /// `THREADID` (RFC 8474 §5.3)
    ThreadId,
    /// `RFC822` (RFC 3501)
    Rfc822,
    /// `RFC822.HEADER` (RFC 3501)
    Rfc822Header,
    /// `RFC822.TEXT` (RFC 3501)
    Rfc822Text,
    /// `BODY[section]<partial>`, `BODY.PEEK[…]`
    Section {
        /// What is between the brackets.
        section: Section,
        /// From which octet, how many.
        partial: Option<Partial>,
        /// Without setting `\Seen`.
        peek: bool,
    },
    /// `BINARY[part]<partial>`, `BINARY.PEEK[…]`
    Binary {
        /// Empty: the whole message.
        part: Vec<u32>,
        /// Of the decoded octets.
        partial: Option<Partial>,
        /// Without setting `\Seen`.
        peek: bool,
    },
    /// `BINARY.SIZE[part]`
    BinarySize {
        /// Empty: the whole message.
        part: Vec<u32>,
    },
}

impl FetchItem {
    /// Whether fetching it sets `\Seen` (RFC 9051 §6.4.5).
    pub fn sets_seen(&self) -> bool {
        match self {
            Self::Rfc822 | Self::Rfc822Text => true,
            Self::Section { peek, .. } | Self::Binary { peek, .. } => !peek,
            _ => false,
        }
    }
}

/// `<offset.length>`; the reply names the offset alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Partial {
    /// First octet, from 0.
    pub offset: u64,
    /// At least 1.
    pub length: u64,
}

impl Partial {
    /// What it leaves of a range of octets.
    pub fn cut(self, range: std::ops::Range<u64>) -> std::ops::Range<u64> {
        let start = range.start.saturating_add(self.offset).min(range.end);
        start..start.saturating_add(self.length).min(range.end)
    }
}

/// What is between the brackets of `BODY[…]` (RFC 9051 §9 `section-spec`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Section {
    /// Part numbers, from 1; empty: the message itself.
    pub part: Vec<u32>,
    /// Which piece of it.
    pub text: SectionText,
}

/// Which piece of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum SectionText {
    /// The part whole (`BODY[]`, `BODY[1.2]`).
    #[default]
    Whole,
    /// `HEADER`
    Header,
    /// `HEADER.FIELDS (…)`, spelled as the client did: the reply repeats them.
    HeaderFields(Vec<String>),
    /// `HEADER.FIELDS.NOT (…)`
    HeaderFieldsNot(Vec<String>),
    /// `TEXT`
    Text,
    /// `MIME`; only after part numbers.
    Mime,
}

/// STORE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// How the set counts.
    pub by: By,
    /// Which messages.
    pub set: MessageSet,
    /// `(UNCHANGEDSINCE n)` (RFC 7162 §3.1.3)
    pub unchanged_since: Option<ModSeq>,
    /// `+FLAGS`, `-FLAGS`, `FLAGS`
    pub change: FlagChange,
    /// `.SILENT`
    pub silent: bool,
    /// Which flags.
    pub flags: FlagNames,
}

/// COPY or MOVE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// How the set counts.
    pub by: By,
    /// Which messages.
    pub set: MessageSet,
    /// Where to.
    pub mailbox: MailboxName,
}
