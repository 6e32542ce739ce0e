//! Where a connection stands, and what it may ask there (RFC 9051 §3): pure, no I/O.
//!
//! | state             | commands                                                                   |
//! |-------------------|----------------------------------------------------------------------------|
//! | any               | CAPABILITY NOOP LOGOUT ID                                                  |
//! | not authenticated | STARTTLS AUTHENTICATE LOGIN                                                |
//! | authenticated     | UNAUTHENTICATE ESEARCH ENABLE SELECT EXAMINE CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE LIST LSUB NAMESPACE STATUS APPEND IDLE GETQUOTA GETQUOTAROOT SETQUOTA COMPRESS MYRIGHTS GETACL LISTRIGHTS SETACL DELETEACL GETMETADATA SETMETADATA NOTIFY |
//! | selected          | those, and CHECK CLOSE UNSELECT EXPUNGE SEARCH SORT THREAD CANCELUPDATE FETCH STORE COPY MOVE       |
//! | logout            | none                                                                       |
//!
//! Invariants: no password is looked at before TLS, and with TLS a new session begins, so that nothing said
//! in the clear is remembered (§6.2.1); capabilities name only what works; what was enabled stays so until
//! the connection ends (RFC 5161 §3.1).

use super::command::{By, CommandBody, Enable, MailboxFilter};
use super::reply::{Code, Reply};
use super::view::Expunges;

/// RFC 9051 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// §3.1
    NotAuthenticated,
    /// §3.2
    Authenticated,
    /// §3.3; read-only after EXAMINE.
    Selected(Access),
    /// §3.4
    Logout,
}

/// Whether the selected mailbox may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// SELECT
    ReadWrite,
    /// EXAMINE
    ReadOnly,
}

/// What protects the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Nothing yet; STARTTLS comes first.
    Plain,
    /// TLS.
    Tls,
}

/// What the door offers, beside what it always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// APPENDLIMIT (RFC 7889); told from sign-in on, then as the practice has it.
    pub append_limit: u64,
    /// COMPRESS=DEFLATE
    pub compress: bool,
}

/// What the client turned on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enabled {
    /// CONDSTORE (RFC 7162 §3.1): mod-sequences in every FETCH of flags.
    pub condstore: bool,
    /// QRESYNC (RFC 7162 §3.2): VANISHED instead of EXPUNGE. Never without `condstore`.
    pub qresync: bool,
    /// UTF8=ACCEPT (RFC 6855).
    pub utf8: bool,
    /// UIDONLY (RFC 9586): no sequence number is said or understood.
    pub uid_only: bool,
    /// IMAP4rev2 (RFC 9051 §6.3.1, appendix E): no RECENT, ESEARCH, names in UTF-8.
    pub rev2: bool,
}

/// See the module text.
#[derive(Clone, Debug)]
pub struct Session {
    state: State,
    channel: Channel,
    offer: Offer,
    enabled: Enabled,
    /// What an ENABLED response has named.
    named: Vec<&'static str>,
    compressed: bool,
    /// Capabilities that Support switched off for whoever signed in, in upper case.
    off: Vec<String>,
}

impl Session {
    /// A connection that just opened.
    pub fn new(channel: Channel, offer: Offer) -> Self {
        Self {
            state: State::NotAuthenticated,
            channel,
            offer,
            enabled: Enabled::default(),
            named: Vec::new(),
            compressed: false,
            off: Vec::new(),
        }
    }

    /// What the client turned on.
    pub fn enabled(&self) -> Enabled {
        self.enabled
    }

    /// APPENDLIMIT.
    pub fn append_limit(&self) -> u64 {
        self.offer.append_limit
    }

    /// Whether somebody signed in.
    pub fn is_authenticated(&self) -> bool {
        matches!(self.state, State::Authenticated | State::Selected(_))
    }

    /// Whether the selected mailbox may be changed.
    pub fn may_write(&self) -> bool {
        self.state == State::Selected(Access::ReadWrite)
    }

    /// Somebody signed in, whose practice may store messages up to this size on the wire (R18), and for whom
    /// these capabilities are switched off.
    pub fn signed_in(&mut self, append_limit: u64, off: Vec<String>) {
        self.state = State::Authenticated;
        self.offer.append_limit = append_limit;
        self.off = off;
    }

    /// UNAUTHENTICATE (RFC 8437): what was enabled no longer is.
    pub fn unauthenticated(&mut self) {
        self.state = State::NotAuthenticated;
        self.enabled = Enabled::default();
        self.named = Vec::new();
        self.off = Vec::new();
    }

    fn is_off(&self, capability: &str) -> bool {
        self.off.iter().any(|off| off.eq_ignore_ascii_case(capability))
    }

    /// SELECT or EXAMINE succeeded.
    pub fn selected(&mut self, access: Access) {
        self.state = State::Selected(access);
    }

    /// CLOSE, UNSELECT, or a SELECT that failed (RFC 9051 §6.3.2).
    pub fn unselected(&mut self) {
        if matches!(self.state, State::Selected(_)) {
            self.state = State::Authenticated;
        }
    }

    /// LOGOUT, or BYE.
    pub fn logged_out(&mut self) {
        self.state = State::Logout;
    }

    /// COMPRESS succeeded.
    pub fn compression_started(&mut self) {
        self.compressed = true;
    }

    /// Turns CONDSTORE on; whether that was news (then `HIGHESTMODSEQ` is owed, RFC 7162 §3.1.2).
    pub fn enable_condstore(&mut self) -> bool {
        !std::mem::replace(&mut self.enabled.condstore, true)
    }

    /// ENABLE: turns on what is known, and names what it has not named before (RFC 5161 §3.1), also where another
    /// command, or QRESYNC, turned CONDSTORE on already.
    pub fn enable(&mut self, what: &[Enable]) -> Vec<&'static str> {
        let mut new = Vec::new();
        for one in what {
            if one.capability().is_none_or(|capability| self.is_off(capability)) {
                continue;
            }
            let (flag, name) = match one {
                Enable::CondStore => (&mut self.enabled.condstore, "CONDSTORE"),
                Enable::QResync => {
                    self.enabled.condstore = true;
                    (&mut self.enabled.qresync, "QRESYNC")
                }
                Enable::UidOnly => (&mut self.enabled.uid_only, "UIDONLY"),
                Enable::Utf8Accept => (&mut self.enabled.utf8, "UTF8=ACCEPT"),
                Enable::Imap4Rev2 => (&mut self.enabled.rev2, "IMAP4rev2"),
                Enable::Other(_) => continue,
            };
            *flag = true;
            if !self.named.contains(&name) {
                self.named.push(name);
                new.push(name);
            }
        }
        new
    }

    /// Whether the command may come now.
    ///
    /// # Errors
    /// The reply it gets instead.
    pub fn permit(&self, command: &CommandBody) -> Result<(), Reply> {
        use CommandBody as C;
        if self.state == State::Logout {
            return Err(Reply::bad("the session is over"));
        }
        if self.enabled.uid_only && names_numbers(command) {
            return Err(uid_required());
        }
        match command {
            C::Capability | C::Noop | C::Logout | C::Id(_) => Ok(()),
            C::StartTls => match (self.state, self.channel) {
                (State::NotAuthenticated, Channel::Plain) => Ok(()),
                (_, Channel::Tls) => Err(Reply::bad("the connection is encrypted already")),
                _ => Err(Reply::bad("not after sign-in")),
            },
            C::Authenticate { .. } | C::Login { .. } => match (self.state, self.channel) {
                (State::NotAuthenticated, Channel::Tls) => Ok(()),
                (State::NotAuthenticated, Channel::Plain) => {
                    Err(Reply::no("Turn on STARTTLS or SSL/TLS in the account settings of your mail program")
                        .with(Code::PrivacyRequired))
                }
                _ => Err(Reply::bad("signed in already")),
            },
            C::MultiSearch(s) if s.sources.contains(&MailboxFilter::Selected) || s.returns.update => {
                match self.state {
                    State::Selected(_) => Ok(()),
                    _ => Err(Reply::bad("no mailbox is selected")),
                }
            }
            C::Check
            | C::CancelUpdate(_)
            | C::Close
            | C::Unselect
            | C::Expunge { .. }
            | C::Search(_)
            | C::Sort(_)
            | C::Thread(_)
            | C::Fetch(_)
            | C::Store(_)
            | C::Copy(_)
            | C::Move(_) => match self.state {
                State::Selected(Access::ReadOnly)
                    if matches!(command, C::Expunge { .. } | C::Store(_) | C::Move(_)) =>
                {
                    Err(Reply::no("This folder was opened for reading only").with(Code::ReadOnly))
                }
                State::Selected(_) => Ok(()),
                _ => Err(Reply::bad("no mailbox is selected")),
            },
            // RFC 8437 §3: it may not be answered with NO; where it cannot be, it is not offered.
            C::Unauthenticate if self.compressed || self.is_off("UNAUTHENTICATE") => {
                Err(Reply::bad("UNAUTHENTICATE is not offered"))
            }
            C::Notify(_) if self.is_off("NOTIFY") => Err(Reply::bad("NOTIFY is not offered")),
            C::Compress(_) if self.compressed => {
                Err(Reply::no("the connection is compressed already").with(Code::CompressionActive))
            }
            C::Compress(_)
                if self.is_authenticated() && (!self.offer.compress || self.is_off("COMPRESS=DEFLATE")) =>
            {
                Err(Reply::no("compression is not offered").with(Code::Cannot))
            }
            _ => self.permit_append(),
        }
    }

    /// Whether APPEND, or another command on mailboxes, may come now.
    ///
    /// # Errors
    /// The reply it gets instead.
    pub fn permit_append(&self) -> Result<(), Reply> {
        if self.is_authenticated() { Ok(()) } else { Err(Reply::bad("sign in first")) }
    }

    /// Whether REPLACE may come now (RFC 8508 §3.5).
    ///
    /// # Errors
    /// The reply it gets instead.
    pub fn permit_replace(&self, by: By) -> Result<(), Reply> {
        match self.state {
            State::Selected(Access::ReadWrite) if self.enabled.uid_only && by == By::Sequence => {
                Err(uid_required())
            }
            State::Selected(Access::ReadWrite) => Ok(()),
            State::Selected(Access::ReadOnly) => {
                Err(Reply::no("This folder was opened for reading only").with(Code::ReadOnly))
            }
            _ => Err(Reply::bad("no mailbox is selected")),
        }
    }

    /// Whether EXPUNGE may be told before this command's tagged reply (RFC 9051 §7.5.1).
    pub fn expunges(command: &CommandBody) -> Expunges {
        match command {
            CommandBody::Fetch(f) if f.by == By::Sequence => Expunges::Withheld,
            CommandBody::Store(s) if s.by == By::Sequence => Expunges::Withheld,
            CommandBody::Sort(s) if s.by == By::Sequence || s.key.names_numbers() => Expunges::Withheld,
            CommandBody::Thread(t) if t.by == By::Sequence || t.key.names_numbers() => Expunges::Withheld,
            // RFC 7162 §3.2.10.2: nor while sequence numbers are searched for.
            CommandBody::Search(s) if s.by == By::Sequence || s.key.names_numbers() => Expunges::Withheld,
            _ => Expunges::Told,
        }
    }

    /// The words of the CAPABILITY response. ENABLE and IDLE are named before sign-in too: Python's imaplib
    /// never asks again.
    pub fn capabilities(&self) -> String {
        let mut words: Vec<String> = BEFORE.iter().map(|word| (*word).to_owned()).collect();
        if !self.is_authenticated() {
            let more: &[&str] = match self.channel {
                Channel::Plain => &["STARTTLS", "LOGINDISABLED"],
                // AUTH=LOGIN works too, but saying so only makes a mistyped password fail once more.
                Channel::Tls => &["SASL-IR", "AUTH=PLAIN"],
            };
            words.extend(more.iter().map(|word| (*word).to_owned()));
            return words.join(" ");
        }
        words.extend(AFTER.iter().map(|word| (*word).to_owned()));
        words.push(format!("APPENDLIMIT={}", self.offer.append_limit));
        if !self.compressed {
            words.push("UNAUTHENTICATE".to_owned());
            if self.offer.compress {
                words.push("COMPRESS=DEFLATE".to_owned());
            }
        }
        words.retain(|word| !self.is_off(word));
        words.join(" ")
    }
}

/// Said in every state.
const BEFORE: [&str; 6] = ["IMAP4rev1", "IMAP4rev2", "LITERAL+", "ID", "ENABLE", "IDLE"];

/// Said after sign-in; APPENDLIMIT, UNAUTHENTICATE and COMPRESS=DEFLATE are too.
const AFTER: &[&str] = &[
    "NAMESPACE",
    "UIDPLUS",
    "MOVE",
    "UNSELECT",
    "CHILDREN",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "LIST-MYRIGHTS",
    "LIST-METADATA",
    "STATUS=SIZE",
    "ESEARCH",
    "SEARCHRES",
    "BINARY",
    "CONDSTORE",
    "QRESYNC",
    "OBJECTID",
    "SAVEDATE",
    "WITHIN",
    "PREVIEW",
    "SORT",
    "SORT=DISPLAY",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "ESORT",
    "PARTIAL",
    "I18NLEVEL=1",
    "MULTIAPPEND",
    "CATENATE",
    "REPLACE",
    "METADATA",
    "ACL",
    "RIGHTS=kxte",
    "UIDONLY",
    "INPROGRESS",
    "MULTISEARCH",
    "CONTEXT=SEARCH",
    "CONTEXT=SORT",
    "NOTIFY",
    "UTF8=ACCEPT",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "QUOTA=RES-MESSAGE",
];

/// The capability of that name, in upper case, if it can be switched off for an account: those that are
/// not what every client builds on.
pub fn switchable(name: &str) -> Option<String> {
    let fixed = ["LITERAL+", "ID", "ENABLE", "IMAP4rev1"];
    let known = BEFORE.iter().chain(AFTER).chain(&["UNAUTHENTICATE", "COMPRESS=DEFLATE"]);
    let mut known = known.filter(|word| !fixed.contains(word));
    known.find(|word| word.eq_ignore_ascii_case(name)).map(|word| word.to_ascii_uppercase())
}

/// RFC 9586: a command that cannot be obeyed without sequence numbers.
fn names_numbers(command: &CommandBody) -> bool {
    match command {
        CommandBody::Fetch(f) => f.by == By::Sequence,
        CommandBody::Store(s) => s.by == By::Sequence,
        CommandBody::Copy(t) | CommandBody::Move(t) => t.by == By::Sequence,
        CommandBody::Search(s) => s.by == By::Sequence || s.key.names_numbers(),
        CommandBody::MultiSearch(s) => s.key.names_numbers(),
        CommandBody::Sort(s) => s.by == By::Sequence || s.key.names_numbers(),
        CommandBody::Thread(t) => t.by == By::Sequence || t.key.names_numbers(),
        CommandBody::Select(s) | CommandBody::Examine(s) => {
            s.qresync.as_ref().is_some_and(|remembered| remembered.matches.is_some())
        }
        _ => false,
    }
}

fn uid_required() -> Reply {
    Reply::bad("after ENABLE UIDONLY messages are named by UID alone").with(Code::UidRequired)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::reply::Status;

    fn session(channel: Channel) -> Session {
        Session::new(channel, Offer { append_limit: 1000, compress: true })
    }

    fn login() -> CommandBody {
        CommandBody::Login { user: "a".into(), password: crate::types::Secret::new("b") }
    }

    #[test]
    fn no_password_before_tls() {
        let s = session(Channel::Plain);
        assert!(s.capabilities().contains("STARTTLS LOGINDISABLED"));
        assert!(!s.capabilities().contains("AUTH="));
        assert_eq!(s.permit(&login()).unwrap_err().code, Some(Code::PrivacyRequired));
        assert!(s.permit(&CommandBody::StartTls).is_ok());
        let s = session(Channel::Tls);
        assert!(s.permit(&login()).is_ok());
        assert_eq!(s.permit(&CommandBody::StartTls).unwrap_err().status, Status::Bad);
        assert!(!s.capabilities().contains("STARTTLS"));
    }

    #[test]
    fn states() {
        let mut s = session(Channel::Tls);
        assert!(s.permit(&CommandBody::Idle).is_err());
        assert!(s.permit_append().is_err());
        s.signed_in(700, Vec::new());
        assert!(s.capabilities().contains(" APPENDLIMIT=700"), "R18: the practice's own");
        assert!(s.permit(&CommandBody::Idle).is_ok());
        assert_eq!(s.permit(&login()).unwrap_err().status, Status::Bad);
        assert_eq!(s.permit(&CommandBody::Close).unwrap_err().status, Status::Bad);
        s.selected(Access::ReadOnly);
        assert!(s.permit(&CommandBody::Close).is_ok());
        let refused = s.permit(&CommandBody::Expunge { uids: None }).unwrap_err();
        assert_eq!((refused.status, refused.code), (Status::No, Some(Code::ReadOnly)));
        s.unselected();
        assert_eq!(s.state, State::Authenticated);
        s.logged_out();
        assert!(s.permit(&CommandBody::Noop).is_err());
    }

    #[test]
    fn compression_once() {
        let mut s = session(Channel::Tls);
        let deflate = CommandBody::Compress("DEFLATE".into());
        assert_eq!(s.permit(&deflate).unwrap_err().status, Status::Bad);
        s.signed_in(1000, Vec::new());
        assert!(s.permit(&deflate).is_ok());
        assert!(s.permit(&CommandBody::Unauthenticate).is_ok());
        assert!(s.capabilities().ends_with(" UNAUTHENTICATE COMPRESS=DEFLATE"));
        s.compression_started();
        assert_eq!(s.permit(&deflate).unwrap_err().code, Some(Code::CompressionActive));
        assert!(!s.capabilities().contains("COMPRESS"));
        // RFC 8437 §4.1 would have the compression end, which is not done: so it is not offered.
        assert!(!s.capabilities().contains("UNAUTHENTICATE"));
        assert_eq!(s.permit(&CommandBody::Unauthenticate).unwrap_err().status, Status::Bad);
    }

    #[test]
    fn what_is_switched_off_is_neither_offered_nor_enabled() {
        let mut s = session(Channel::Tls);
        let off = ["qresync", "Compress=Deflate", "IMAP4rev2"].map(|name| switchable(name).unwrap());
        s.signed_in(1000, off.to_vec());
        for word in ["QRESYNC", "COMPRESS", "IMAP4rev2"] {
            assert!(!s.capabilities().contains(word), "{word}");
        }
        assert_eq!(s.enable(&[Enable::QResync, Enable::Imap4Rev2, Enable::CondStore]), ["CONDSTORE"]);
        assert!(s.permit(&CommandBody::Compress("DEFLATE".into())).is_err());
        assert_eq!(switchable("LITERAL+"), None);
        assert_eq!(switchable("X-NONE"), None);
        s.unauthenticated();
        assert!(s.capabilities().contains("IMAP4rev2"));
        assert_eq!(s.enabled(), Enabled::default());
    }

    #[test]
    fn enable_names_news_only() {
        let mut s = session(Channel::Tls);
        s.signed_in(1000, Vec::new());
        let what = [Enable::CondStore, Enable::Other("X-Y".into()), Enable::CondStore];
        // RFC 5161 §3.1: what is announced stays as it was.
        let before = s.capabilities();
        assert_eq!(s.enable(&what), ["CONDSTORE"]);
        assert!(s.enable(&what).is_empty());
        s.enable(&[Enable::QResync, Enable::UidOnly, Enable::Utf8Accept, Enable::Imap4Rev2]);
        assert_eq!(s.capabilities(), before);
        assert!(!s.enable_condstore());
    }

    /// RFC 7162 §3.2.3: the order of the two makes no difference.
    #[test]
    fn what_came_on_by_itself_is_named_when_it_is_asked_for() {
        for what in [[Enable::QResync, Enable::CondStore], [Enable::CondStore, Enable::QResync]] {
            let mut s = session(Channel::Tls);
            s.signed_in(1000, Vec::new());
            let mut named = s.enable(&what);
            named.sort_unstable();
            assert_eq!(named, ["CONDSTORE", "QRESYNC"]);
        }
        let mut s = session(Channel::Tls);
        s.signed_in(1000, Vec::new());
        assert!(s.enable_condstore());
        assert_eq!(s.enable(&[Enable::CondStore]), ["CONDSTORE"]);
    }
}
