//! The commands of IMAP as data: RFC 9051 and RFC 3501 whole, and the extensions postern offers.
//!
//! Invariants: what is here has passed the grammar. Mailbox names are decoded and checked, search
//! texts are Unicode, numbers fit. Whether a command is allowed now, and whether a mailbox
//! exists, is for the session. Passwords and SASL responses are [`Secret`]; mailbox names, search
//! texts and ID values can name patients, so a `Command` is never logged: [`CommandBody::name`] is.
//! Imports `types` only.

pub use crate::types::{
    AddressField, DateOrder, FlagChange, MessageSet, SearchKey, SequenceSet, SortBy, SortCriterion,
    SortOrder, ThreadBy,
};
use crate::types::{AnnotationName, Flags, Keyword, MailboxName, ModSeq, Secret, SpecialUse};

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
        /// `USE` (RFC 6154 §3); unknown attributes are refused by the codec with USEATTR.
        uses: Vec<SpecialUse>,
    },
    /// RFC 9051 §6.3.5
    Delete(MailboxName),
    /// RFC 9051 §6.3.6
    Rename {
        /// Present name.
        from: MailboxName,
        /// Name to be.
        to: MailboxName,
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
            Self::Delete(_) => "DELETE",
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

/// LIST in all its forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Any extended syntax was used: selection or return options, or a list of patterns. Then
    /// `LIST "" ""` is no longer the question for the delimiter (RFC 5258 §3).
    pub extended: bool,
    /// What is selected, before the reference.
    pub select: ListSelect,
    /// Put before each pattern; decoded.
    pub reference: String,
    /// With `%` and `*`; decoded; at least one.
    pub patterns: Vec<String>,
    /// What is told of each.
    pub returns: ListReturn,
}

/// GETMETADATA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetMetadata {
    /// `None`: of the server.
    pub mailbox: Option<MailboxName>,
    /// `MAXSIZE`, in bytes.
    pub max_size: Option<u64>,
    /// `DEPTH`: how many levels below each entry; `None` is `infinity`.
    pub depth: Option<usize>,
    /// At least one.
    pub entries: Vec<AnnotationName>,
}

/// Selection options of LIST (RFC 5258 §3.1, RFC 6154 §2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSelect {
    /// `SUBSCRIBED`
    pub subscribed: bool,
    /// `REMOTE`
    pub remote: bool,
    /// `RECURSIVEMATCH`; the codec refuses it alone.
    pub recursive_match: bool,
    /// `SPECIAL-USE`
    pub special_use: bool,
}

/// Return options of LIST (RFC 5258 §3.2, RFC 6154 §2, RFC 5819).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListReturn {
    /// `SUBSCRIBED`
    pub subscribed: bool,
    /// `CHILDREN`
    pub children: bool,
    /// `SPECIAL-USE`
    pub special_use: bool,
    /// `STATUS (…)`; empty: not asked.
    pub status: Vec<StatusItem>,
    /// `MYRIGHTS` (RFC 8440)
    pub my_rights: bool,
    /// `METADATA (…)` (RFC 9590); empty: not asked.
    pub metadata: Vec<AnnotationName>,
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

/// SEARCH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What the reply counts by.
    pub by: By,
    /// `RETURN (…)`; `None`: the untagged SEARCH of RFC 3501 unless rev2 is on.
    pub returns: Option<SearchReturn>,
    /// What to look for.
    pub key: SearchKey,
}

/// Result options of SEARCH (RFC 9051 §6.4.4); `RETURN ()` is ALL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchReturn {
    /// `MIN`
    pub min: bool,
    /// `MAX`
    pub max: bool,
    /// `ALL`
    pub all: bool,
    /// `COUNT`
    pub count: bool,
    /// `SAVE`
    pub save: bool,
    /// `PARTIAL` (RFC 9394 §3.1); never together with ALL.
    pub partial: Option<PartialRange>,
    /// `UPDATE` (RFC 5267 §4.3)
    pub update: bool,
    /// `CONTEXT` (RFC 5267 §4.2): a hint of which no use is made.
    pub context: bool,
}

/// Which of the results, counted from 1 (RFC 9394 §4); the two ends as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialRange {
    /// `1:500`, from the first on.
    FromFirst(u32, u32),
    /// `-1:-100`, from the last back.
    FromLast(u32, u32),
}

impl PartialRange {
    /// The places among `count` results, from 0.
    pub fn places(self, count: usize) -> std::ops::Range<usize> {
        let (Self::FromFirst(a, b) | Self::FromLast(a, b)) = self;
        let (low, high) = (a.min(b) as usize, a.max(b) as usize);
        let (from, to) = match self {
            Self::FromFirst(..) => (low - 1, high),
            Self::FromLast(..) => (count.saturating_sub(high), (count + 1).saturating_sub(low)),
        };
        let to = to.min(count);
        from.min(to)..to
    }
}

impl std::fmt::Display for PartialRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FromFirst(a, b) => write!(f, "{a}:{b}"),
            Self::FromLast(a, b) => write!(f, "-{a}:-{b}"),
        }
    }
}

/// ESEARCH (RFC 7377): UID SEARCH in several mailboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiSearch {
    /// Which mailboxes; at least one.
    pub sources: Vec<MailboxFilter>,
    /// What is told of each.
    pub returns: SearchReturn,
    /// What to look for.
    pub key: SearchKey,
}

/// Which mailboxes are meant (RFC 5465 §6, RFC 7377 §2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailboxFilter {
    /// The selected one.
    Selected,
    /// All that mail is delivered to.
    Inboxes,
    /// All of the account.
    Personal,
    /// All that are subscribed to.
    Subscribed,
    /// These and all below them.
    Subtree(Vec<MailboxName>),
    /// These and their children.
    SubtreeOne(Vec<MailboxName>),
    /// These.
    Mailboxes(Vec<MailboxName>),
}

/// SORT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// What the reply counts by.
    pub by: By,
    /// `RETURN (…)` (RFC 5267 §3); `None`: the untagged SORT of RFC 5256.
    pub returns: Option<SearchReturn>,
    /// At least one.
    pub criteria: Vec<SortCriterion>,
    /// What to look for.
    pub key: SearchKey,
}

/// THREAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// What the reply counts by.
    pub by: By,
    /// How messages are gathered.
    pub algorithm: ThreadBy,
    /// What to look for.
    pub key: SearchKey,
}

impl SearchReturn {
    /// `(ALL)`: what `()` means, and what rev2 answers to a SEARCH without RETURN.
    pub fn all() -> Self {
        Self { all: true, ..Self::default() }
    }
}

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
