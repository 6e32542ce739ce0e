//! What SEARCH looks for (RFC 9051 §6.4.4), as a tree, with its texts already in Unicode.

use super::{BodyId, Keyword, MessageSet, ModSeq, SequenceSet, SystemFlag, uid_ranges};
use jiff::civil::Date;

/// One search key. Depth and count are bounded by whoever builds the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchKey {
    /// `ALL`
    All,
    /// Every key matches: keys side by side, or a list in parentheses. Empty matches everything.
    And(Vec<SearchKey>),
    /// `OR a b`
    Or(Box<SearchKey>, Box<SearchKey>),
    /// `NOT a`; the UN… keys are written so too (`UNSEEN` is not `SEEN`).
    Not(Box<SearchKey>),
    /// Sequence numbers, of the session's own view.
    Sequence(MessageSet),
    /// `UID set`
    Uid(MessageSet),
    /// `SEEN`, `ANSWERED`, …
    Flag(SystemFlag),
    /// `KEYWORD word`
    Keyword(Keyword),
    /// `RECENT`, a flag of the session (RFC 3501 §2.3.2). `NEW` and `OLD` are built from it.
    Recent,
    /// `BEFORE`, `ON`, `SINCE`: against the internal date, time of day and zone disregarded.
    InternalDate(DateOrder, Date),
    /// `SENTBEFORE`, `SENTON`, `SENTSINCE`: against the `Date:` field, likewise.
    SentDate(DateOrder, Date),
    /// `SAVEDBEFORE`, `SAVEDON`, `SAVEDSINCE` (RFC 8514 §4.3): against the time the message came into this
    /// mailbox, likewise.
    SaveDate(DateOrder, Date),
    /// `OLDER n` (RFC 5032): the internal date is at least n seconds ago.
    Older(u32),
    /// `YOUNGER n` (RFC 5032): the internal date is at most n seconds ago.
    Younger(u32),
    /// `LARGER n`: strictly more bytes.
    Larger(u64),
    /// `SMALLER n`: strictly fewer bytes.
    Smaller(u64),
    /// `FROM`, `TO`, `CC`, `BCC`: substring of the address field.
    Address(AddressField, String),
    /// `SUBJECT text`
    Subject(String),
    /// `HEADER name text`; an empty text asks only whether there is such a field.
    Header(String, String),
    /// `BODY text`
    Body(String),
    /// `TEXT text`: header or body.
    Text(String),
    /// `MODSEQ n`: at least n (RFC 7162 §3.1.5). The entry name and type are read and ignored,
    /// as a server without per-entry mod-sequences does.
    ModSeq(ModSeq),
    /// `EMAILID id` (RFC 8474 §6); `None`: an id that no message has.
    EmailId(Option<BodyId>),
    /// `THREADID id` (RFC 8474 §6).
    ThreadId(String),
}

/// On which side of the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// Earlier than.
    Before,
    /// The same day.
    On,
    /// The same day or later.
    Since,
}

/// A header field of addresses that has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressField {
    /// `From:`
    From,
    /// `To:`
    To,
    /// `Cc:`
    Cc,
    /// `Bcc:`
    Bcc,
}

impl SearchKey {
    /// `NOT self`
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Whether the tree holds a key of which `is` says yes.
    pub fn any(&self, is: &impl Fn(&SearchKey) -> bool) -> bool {
        is(self)
            || match self {
                Self::And(keys) => keys.iter().any(|k| k.any(is)),
                Self::Or(a, b) => a.any(is) || b.any(is),
                Self::Not(k) => k.any(is),
                _ => false,
            }
    }

    /// The same with sets of numbers, and the saved result, written out as the UIDs they stand for now
    /// (RFC 5267 §4.3: they are evaluated when the command comes).
    #[must_use]
    pub fn with_uids(self, uids: &[u32], saved: &[u32]) -> Self {
        let set = |ranges: Vec<(u32, u32)>| {
            // No set at all is one that nothing is in.
            if ranges.is_empty() {
                Self::All.negated()
            } else {
                Self::Uid(MessageSet::Numbers(SequenceSet::from_ranges(ranges)))
            }
        };
        let within = |numbers: &SequenceSet| {
            let exists = uids.len() as u32;
            let ranges = numbers.resolve(exists).into_iter().filter(|range| range.0 <= exists);
            let at = |n: u32| uids[n.min(exists) as usize - 1];
            ranges.map(|(from, to)| (at(from), at(to))).collect()
        };
        match self {
            Self::Sequence(MessageSet::Saved) | Self::Uid(MessageSet::Saved) => {
                set(uid_ranges(saved.iter().copied()))
            }
            Self::Sequence(MessageSet::Numbers(numbers)) => set(within(&numbers)),
            Self::And(keys) => Self::And(keys.into_iter().map(|k| k.with_uids(uids, saved)).collect()),
            Self::Or(a, b) => {
                Self::Or(Box::new(a.with_uids(uids, saved)), Box::new(b.with_uids(uids, saved)))
            }
            Self::Not(key) => Self::Not(Box::new(key.with_uids(uids, saved))),
            other => other,
        }
    }

    /// Whether it asks when messages were saved.
    pub fn mentions_save_date(&self) -> bool {
        self.any(&|k| matches!(k, Self::SaveDate(..)))
    }

    /// Whether it names messages by sequence number.
    pub fn names_numbers(&self) -> bool {
        self.any(&|k| matches!(k, Self::Sequence(MessageSet::Numbers(_))))
    }

    /// Whether it asks for mod-sequences, so that the reply must name one (RFC 7162 §3.1.5), and
    /// CONDSTORE gets switched on (§3.1).
    pub fn mentions_modseq(&self) -> bool {
        self.any(&|k| matches!(k, Self::ModSeq(_)))
    }
}
