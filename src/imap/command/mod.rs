//! The commands of IMAP as data: RFC 9051 and RFC 3501 whole, and the extensions postern offers.
//!
//! Invariants: what is here has passed the grammar. Mailbox names are decoded and checked, search
//! texts are Unicode, numbers fit. Whether a command is allowed now, and whether a mailbox
//! exists, is for the session. Passwords and SASL responses are [`Secret`]; mailbox names, search
//! texts and ID values can name patients, so a `Command` is never logged: [`CommandBody::name`] is.
//! Imports `types` only.

mod append;
mod fetch;
mod list;
mod notify;
mod search;

pub use append::{Append, AppendMessage, AppendStep, FlagNames, Literal, LiteralForm, Replaced};
pub use fetch::{Fetch, FetchItem, FetchModifiers, Partial, Section, SectionText, Store, Transfer};
pub use list::{GetMetadata, List, ListReturn, ListSelect};
pub use notify::{EventGroup, Events, Notify, NotifyEvent, NotifySet, SelectedEvents, WhenExpunged};
pub use search::{MailboxFilter, MultiSearch, PartialRange, Search, SearchReturn, Sort, Thread};

pub use crate::types::{
    AddressField, DateOrder, FlagChange, MessageSet, SearchKey, SequenceSet, SortBy, SortCriterion,
    SortOrder, ThreadBy,
};
use crate::types::{AnnotationName, MailboxName, ModSeq, Secret, SpecialUse};

/// A client's name for one of its commands, 1 to 255 ASCII characters (RFC 9051 §2.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub(super) Box<str>);

impl Tag {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One complete command, except APPEND, which is handed over in pieces
/// (see [`Event`](super::codec::Event)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Goes back with the reply.
    pub tag: Tag,
    /// What is asked.
    pub body: CommandBody,
}

/// Whether a command counts by sequence number or by UID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// `FETCH`
    Sequence,
    /// `UID FETCH`
    Uid,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandBody {
    /// RFC 9051 §6.1.1
    Capability,
    /// RFC 9051 §6.1.2
    Noop,
    /// RFC 9051 §6.1.3
    Logout,
    /// RFC 9051 §6.2.1
    StartTls,
    /// RFC 9051 §6.2.2, RFC 4959
    Authenticate {
        /// In upper case.
        mechanism: String,
        /// Decoded; `=` is an empty one.
        initial: Option<Secret>,
    },
    /// RFC 9051 §6.2.3
    Login {
        /// As given.
        user: String,
        /// As given, any bytes.
        password: Secret,
    },
    /// RFC 9051 §6.3.1
    Enable(Vec<Enable>),
    /// RFC 2971; `None` is `NIL`.
    Id(Option<Vec<(String, Option<String>)>>),
    /// RFC 9051 §6.3.2
    Select(Select),
    /// RFC 9051 §6.3.3
    Examine(Select),
    /// RFC 9051 §6.3.4
    Create {
        /// The new mailbox.
        mailbox: MailboxName,
        /// As of SELECT.
        supplied: Option<String>,
        /// `USE` (RFC 6154 §3); unknown attributes are refused by the codec with USEATTR.
        uses: Vec<SpecialUse>,
    },
    /// RFC 9051 §6.3.5
    Delete {
        /// Which one.
        mailbox: MailboxName,
        /// As of SELECT.
        supplied: Option<String>,
    },
    /// RFC 9051 §6.3.6
    Rename {
        /// Present name.
        from: MailboxName,
        /// Name to be.
        to: MailboxName,
        /// How the client spelled the present name in UTF-8, if one of the two is otherwise.
        supplied: Option<String>,
    },
    /// RFC 9051 §6.3.7
    Subscribe(MailboxName),
    /// RFC 9051 §6.3.8
    Unsubscribe(MailboxName),
    /// RFC 9051 §6.3.9, RFC 5258
    List(List),
    /// RFC 3501 §6.3.9
    Lsub {
        /// Put before the pattern.
        reference: String,
        /// With `%` and `*`.
        pattern: String,
    },
    /// RFC 9051 §6.3.10
    Namespace,
    /// RFC 9051 §6.3.11
    Status {
        /// Of which mailbox.
        mailbox: MailboxName,
        /// At least one, no doubles.
        items: Vec<StatusItem>,
    },
    /// RFC 9051 §6.3.13
    Idle,
    /// RFC 3501 §6.4.1
    Check,
    /// RFC 9051 §6.4.1
    Close,
    /// RFC 9051 §6.4.2
    Unselect,
    /// RFC 9051 §6.4.3; with UIDs RFC 4315 §2.1
    Expunge {
        /// `UID EXPUNGE set`
        uids: Option<MessageSet>,
    },
    /// RFC 9051 §6.4.4
    Search(Search),
    /// RFC 7377
    MultiSearch(MultiSearch),
    /// RFC 5256 SORT, RFC 5267 §3
    Sort(Sort),
    /// RFC 5267 §4.3.5; tags.
    CancelUpdate(Vec<String>),
    /// RFC 5256 THREAD
    Thread(Thread),
    /// RFC 5465 §3.1
    Notify(Notify),
    /// RFC 9051 §6.4.5
    Fetch(Fetch),
    /// RFC 9051 §6.4.6
    Store(Store),
    /// RFC 9051 §6.4.7
    Copy(Transfer),
    /// RFC 9051 §6.4.8
    Move(Transfer),
    /// RFC 9208 §4.1.2
    GetQuota {
        /// Name of the root.
        root: String,
    },
    /// RFC 9208 §4.1.3
    GetQuotaRoot(MailboxName),
    /// RFC 9208 §4.1.1
    SetQuota {
        /// Name of the root.
        root: String,
        /// Resource name in upper case, and limit.
        limits: Vec<(String, u64)>,
    },
    /// RFC 4978 §3; the algorithm in upper case.
    Compress(String),
    /// RFC 8437
    Unauthenticate,
    /// RFC 4314 §3.5
    MyRights(MailboxName),
    /// RFC 4314 §3.3
    GetAcl(MailboxName),
    /// RFC 4314 §3.4
    ListRights {
        /// Of which mailbox.
        mailbox: MailboxName,
        /// Whose; not empty.
        identifier: String,
    },
    /// RFC 4314 §3.1, §3.2: refused always, so what would be changed is not kept.
    ChangeAcl {
        /// `SETACL` or `DELETEACL`
        name: &'static str,
        /// Of which mailbox.
        mailbox: MailboxName,
    },
    /// RFC 5464 §4.2
    GetMetadata(GetMetadata),
    /// RFC 5464 §4.3
    SetMetadata {
        /// `None`: of the server.
        mailbox: Option<MailboxName>,
        /// Name and value; `None` removes it. At least one.
        changes: Vec<(AnnotationName, Option<Vec<u8>>)>,
    },
}

impl CommandBody {
    /// The command's keyword: the only part of a command that may be logged.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Capability => "CAPABILITY",
            Self::Noop => "NOOP",
            Self::Logout => "LOGOUT",
            Self::StartTls => "STARTTLS",
            Self::Authenticate { .. } => "AUTHENTICATE",
            Self::Login { .. } => "LOGIN",
            Self::Enable(_) => "ENABLE",
            Self::Id(_) => "ID",
            Self::Select(_) => "SELECT",
            Self::Examine(_) => "EXAMINE",
            Self::Create { .. } => "CREATE",
            Self::Delete { .. } => "DELETE",
            Self::Rename { .. } => "RENAME",
            Self::Subscribe(_) => "SUBSCRIBE",
            Self::Unsubscribe(_) => "UNSUBSCRIBE",
            Self::List(_) => "LIST",
            Self::Lsub { .. } => "LSUB",
            Self::Namespace => "NAMESPACE",
            Self::Status { .. } => "STATUS",
            Self::Idle => "IDLE",
            Self::Check => "CHECK",
            Self::Close => "CLOSE",
            Self::Unselect => "UNSELECT",
            Self::Expunge { uids: None } => "EXPUNGE",
            Self::Expunge { uids: Some(_) } => "UID EXPUNGE",
            Self::Search(s) => s.by.pick("SEARCH", "UID SEARCH"),
            Self::MultiSearch(_) => "ESEARCH",
            Self::CancelUpdate(_) => "CANCELUPDATE",
            Self::Sort(s) => s.by.pick("SORT", "UID SORT"),
            Self::Thread(t) => t.by.pick("THREAD", "UID THREAD"),
            Self::Notify(_) => "NOTIFY",
            Self::Fetch(f) => f.by.pick("FETCH", "UID FETCH"),
            Self::Store(s) => s.by.pick("STORE", "UID STORE"),
            Self::Copy(t) => t.by.pick("COPY", "UID COPY"),
            Self::Move(t) => t.by.pick("MOVE", "UID MOVE"),
            Self::GetQuota { .. } => "GETQUOTA",
            Self::GetQuotaRoot(_) => "GETQUOTAROOT",
            Self::SetQuota { .. } => "SETQUOTA",
            Self::Compress(_) => "COMPRESS",
            Self::Unauthenticate => "UNAUTHENTICATE",
            Self::MyRights(_) => "MYRIGHTS",
            Self::GetAcl(_) => "GETACL",
            Self::ListRights { .. } => "LISTRIGHTS",
            Self::ChangeAcl { name, .. } => name,
            Self::GetMetadata(_) => "GETMETADATA",
            Self::SetMetadata { .. } => "SETMETADATA",
        }
    }
}

impl By {
    /// The one or the other.
    pub fn pick<T>(self, sequence: T, uid: T) -> T {
        match self {
            Self::Sequence => sequence,
            Self::Uid => uid,
        }
    }
}

/// An extension named by ENABLE. Unknown ones are ignored (RFC 5161 §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enable {
    /// `IMAP4REV2`
    Imap4Rev2,
    /// `UTF8=ACCEPT` (RFC 6855)
    Utf8Accept,
    /// `CONDSTORE` (RFC 7162)
    CondStore,
    /// `QRESYNC` (RFC 7162 §3.2.3)
    QResync,
    /// `UIDONLY` (RFC 9586)
    UidOnly,
    /// Something else, in upper case.
    Other(String),
}

impl Enable {
    /// The capability that offers it; `None`: it is none of ours.
    pub fn capability(&self) -> Option<&'static str> {
        match self {
            Self::Imap4Rev2 => Some("IMAP4REV2"),
            Self::Utf8Accept => Some("UTF8=ACCEPT"),
            Self::CondStore => Some("CONDSTORE"),
            Self::QResync => Some("QRESYNC"),
            Self::UidOnly => Some("UIDONLY"),
            Self::Other(_) => None,
        }
    }
}

/// SELECT or EXAMINE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// Which one.
    pub mailbox: MailboxName,
    /// How the client spelled it in UTF-8, if otherwise (RFC 9051 §6.3.2).
    pub supplied: Option<String>,
    /// `(CONDSTORE)` (RFC 7162 §3.1.8)
    pub condstore: bool,
    /// `(QRESYNC (…))` (RFC 7162 §3.2.5)
    pub qresync: Option<QResync>,
}

/// What a client remembers of a mailbox that it opens again (RFC 7162 §3.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QResync {
    /// As it was.
    pub uidvalidity: u32,
    /// Up to which change the client knows the mailbox; at least 1.
    pub modseq: ModSeq,
    /// What it asks about; everything if `None`. Without `*`.
    pub known_uids: Option<SequenceSet>,
    /// Sequence numbers and the UIDs they had, both ascending and equally many (§3.2.5.2).
    pub matches: Option<(SequenceSet, SequenceSet)>,
}

/// What STATUS tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusItem {
    /// `MESSAGES`
    Messages,
    /// `RECENT` (RFC 3501)
    Recent,
    /// `UIDNEXT`
    UidNext,
    /// `UIDVALIDITY`
    UidValidity,
    /// `UNSEEN`
    Unseen,
    /// `DELETED`
    Deleted,
    /// `SIZE`
    Size,
    /// `HIGHESTMODSEQ` (RFC 7162)
    HighestModSeq,
    /// `APPENDLIMIT` (RFC 7889)
    AppendLimit,
    /// `DELETED-STORAGE` (RFC 9208)
    DeletedStorage,
    /// `MAILBOXID` (RFC 8474)
    MailboxId,
}

impl StatusItem {
    /// As written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "MESSAGES",
            Self::Recent => "RECENT",
            Self::UidNext => "UIDNEXT",
            Self::UidValidity => "UIDVALIDITY",
            Self::Unseen => "UNSEEN",
            Self::Deleted => "DELETED",
            Self::Size => "SIZE",
            Self::HighestModSeq => "HIGHESTMODSEQ",
            Self::AppendLimit => "APPENDLIMIT",
            Self::DeletedStorage => "DELETED-STORAGE",
            Self::MailboxId => "MAILBOXID",
        }
    }

    /// All there are.
    pub const ALL: [Self; 11] = [
        Self::Messages,
        Self::Recent,
        Self::UidNext,
        Self::UidValidity,
        Self::Unseen,
        Self::Deleted,
        Self::Size,
        Self::HighestModSeq,
        Self::AppendLimit,
        Self::DeletedStorage,
        Self::MailboxId,
    ];
}
