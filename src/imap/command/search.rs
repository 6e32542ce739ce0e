//! SEARCH, SORT, THREAD, ESEARCH.

use super::{By, FetchItem, SearchKey, SortCriterion, ThreadBy};
use crate::types::MailboxName;

/// SEARCH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What the reply counts by.
    pub by: By,
    /// `RETURN (…)`; `None`: the untagged SEARCH of RFC 3501 unless rev2 is on.
    pub returns: Option<SearchReturn>,
    /// `UPDATE (…)`: what is fetched of new messages that match (RFC 5465 §7).
    pub update_items: Vec<FetchItem>,
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

/// Which of the results, counted from 1 (RFC 9394 §4); the ends in the order they came in, as the reply repeats
/// them (§3.1).
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
    /// `UPDATE (…)`, as of SEARCH.
    pub update_items: Vec<FetchItem>,
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
    /// `UPDATE (…)`: what is fetched of new messages that match (RFC 5465 §7).
    pub update_items: Vec<FetchItem>,
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
