//! A search, prepared for one mailbox: what a row alone decides is told apart from what needs the
//! header and what needs the body.

use jiff::civil::Date;

use super::fold::Needle;
use crate::service::mailbox::Row;
use crate::types::{AddressField, BodyId, DateOrder, Flags, Keyword, MessageSet, SearchKey, uid_ranges};

/// What the words of a search refer to: one session's view of a mailbox.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// UID of each sequence number, ascending.
    pub uids: &'a [u32],
    /// What `$` stands for, ascending (RFC 5182).
    pub saved: &'a [u32],
    /// The mailbox's keywords with their bits.
    pub keywords: &'a [(u8, Keyword)],
    /// When each UID was saved, in Unix seconds, ascending by UID; needed for
    /// [`SearchKey::mentions_save_date`] alone.
    pub saved_at: &'a [(u32, i64)],
    /// Unix seconds; what `OLDER` and `YOUNGER` count from.
    pub now: i64,
}

/// A search key, prepared.
#[derive(Clone, Debug)]
pub struct Plan {
    root: Node,
    leaves: Vec<Leaf>,
    /// Folded bytes of the longest text that is looked for in bodies.
    longest: usize,
}

#[derive(Clone, Debug)]
enum Node {
    Row(RowTest),
    /// Index into the leaves.
    Leaf(usize),
    And(Vec<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
}

/// What a row decides.
#[derive(Clone, Debug)]
enum RowTest {
    Known(bool),
    Has(Flags),
    Recent,
    Uids(Vec<(u32, u32)>),
    /// Seconds of the day's beginning.
    Date(DateOrder, i64),
    /// Unix seconds, this one too.
    CameBy(i64),
    /// Unix seconds, this one too.
    CameFrom(i64),
    Larger(u64),
    Smaller(u64),
    ModSeq(u64),
    Body(BodyId),
}

/// What the message decides.
#[derive(Clone, Debug)]
pub(super) enum Leaf {
    SentDate(DateOrder, Date),
    Address(&'static str, Needle),
    Header(String, Needle),
    Thread(String),
    Body(Needle),
    Text(Needle),
}

/// What is known of a message's leaves; `None`: not yet.
pub(super) type Known = Vec<Option<bool>>;

impl Plan {
    /// Prepares a key. A number that nobody has matches nothing.
    pub fn new(key: &SearchKey, scope: Scope<'_>) -> Self {
        let mut plan = Self { root: Node::Row(RowTest::Known(true)), leaves: Vec::new(), longest: 0 };
        plan.root = plan.node(key, scope);
        plan.longest =
            plan.leaves.iter().map(|leaf| leaf.body_needle().map_or(0, Needle::len)).max().unwrap_or(0);
        plan
    }

    fn node(&mut self, key: &SearchKey, scope: Scope<'_>) -> Node {
        let test = match key {
            SearchKey::All => RowTest::Known(true),
            SearchKey::And(keys) => return Node::And(keys.iter().map(|k| self.node(k, scope)).collect()),
            SearchKey::Or(a, b) => {
                return Node::Or(Box::new(self.node(a, scope)), Box::new(self.node(b, scope)));
            }
            SearchKey::Not(key) => return Node::Not(Box::new(self.node(key, scope))),
            SearchKey::Sequence(set) => RowTest::Uids(sequence(set, scope)),
            SearchKey::Uid(set) => RowTest::Uids(uids(set, scope)),
            SearchKey::Flag(flag) => RowTest::Has(Flags::of(*flag)),
            SearchKey::Keyword(word) => match scope.keywords.iter().find(|(_, k)| k == word) {
                Some((bit, _)) => RowTest::Has(Flags::keyword(*bit)),
                None => RowTest::Known(false),
            },
            SearchKey::Recent => RowTest::Recent,
            SearchKey::InternalDate(order, date) => RowTest::Date(*order, day_start(*date)),
            SearchKey::SaveDate(order, date) => {
                let day = day_start(*date);
                let chosen = scope.saved_at.iter().filter(|saved| in_order(saved.1, *order, day));
                RowTest::Uids(uid_ranges(chosen.map(|saved| saved.0)))
            }
            SearchKey::Older(seconds) => RowTest::CameBy(scope.now - i64::from(*seconds)),
            SearchKey::Younger(seconds) => RowTest::CameFrom(scope.now - i64::from(*seconds)),
            SearchKey::Larger(n) => RowTest::Larger(*n),
            SearchKey::Smaller(n) => RowTest::Smaller(*n),
            SearchKey::ModSeq(n) => RowTest::ModSeq(n.0),
            SearchKey::EmailId(id) => id.map_or(RowTest::Known(false), RowTest::Body),
            SearchKey::SentDate(order, date) => return self.leaf(Leaf::SentDate(*order, *date)),
            SearchKey::Address(field, text) => {
                return self.leaf(Leaf::Address(field_name(*field), Needle::new(text)));
            }
            SearchKey::ThreadId(id) => return self.leaf(Leaf::Thread(id.clone())),
            SearchKey::Subject(text) => return self.leaf(Leaf::Header("Subject".into(), Needle::new(text))),
            SearchKey::Header(name, text) => {
                return self.leaf(Leaf::Header(name.trim().to_owned(), Needle::new(text)));
            }
            // Every text holds the empty one.
            SearchKey::Body(text) | SearchKey::Text(text) if text.is_empty() => RowTest::Known(true),
            SearchKey::Body(text) => return self.leaf(Leaf::Body(Needle::new(text))),
            SearchKey::Text(text) => return self.leaf(Leaf::Text(Needle::new(text))),
        };
        Node::Row(test)
    }

    fn leaf(&mut self, leaf: Leaf) -> Node {
        self.leaves.push(leaf);
        Node::Leaf(self.leaves.len() - 1)
    }

    pub(super) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Whether the message matches, as far as what is known decides it.
    pub(super) fn verdict(&self, row: &Row, recent: bool, known: &[Option<bool>]) -> Option<bool> {
        self.root.verdict(row, recent, known)
    }

    /// Nothing known of any leaf.
    pub(super) fn unknown(&self) -> Known {
        vec![None; self.leaves.len()]
    }
}

impl Leaf {
    /// The text, if it is looked for in the body.
    pub fn body_needle(&self) -> Option<&Needle> {
        match self {
            Self::Body(needle) | Self::Text(needle) => Some(needle),
            _ => None,
        }
    }
}

impl Node {
    fn verdict(&self, row: &Row, recent: bool, known: &[Option<bool>]) -> Option<bool> {
        match self {
            Self::Row(test) => Some(test.holds(row, recent)),
            Self::Leaf(leaf) => known.get(*leaf).copied().flatten(),
            Self::And(nodes) => {
                let mut all = Some(true);
                for node in nodes {
                    match node.verdict(row, recent, known) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => all = None,
                    }
                }
                all
            }
            Self::Or(a, b) => match (a.verdict(row, recent, known), b.verdict(row, recent, known)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(node) => node.verdict(row, recent, known).map(|matches| !matches),
        }
    }
}

impl RowTest {
    fn holds(&self, row: &Row, recent: bool) -> bool {
        match self {
            Self::Known(answer) => *answer,
            Self::Has(flags) => row.flags.0 & flags.0 == flags.0,
            Self::Recent => recent,
            Self::Uids(ranges) => {
                ranges.get(ranges.partition_point(|r| r.1 < row.uid)).is_some_and(|r| r.0 <= row.uid)
            }
            Self::Date(order, day) => in_order(row.internal_date, *order, *day),
            Self::CameBy(time) => row.internal_date <= *time,
            Self::CameFrom(time) => row.internal_date >= *time,
            Self::Larger(size) => row.size > *size,
            Self::Smaller(size) => row.size < *size,
            Self::ModSeq(modseq) => row.modseq.0 >= *modseq,
            Self::Body(id) => row.body == *id,
        }
    }
}

/// The UIDs behind sequence numbers, as ranges in which others of this mailbox do not lie.
fn sequence(set: &MessageSet, scope: Scope<'_>) -> Vec<(u32, u32)> {
    let MessageSet::Numbers(numbers) = set else {
        return uids(set, scope);
    };
    let exists = scope.uids.len() as u32;
    let ranges = numbers.resolve(exists).into_iter().filter(|(from, _)| *from <= exists);
    ranges
        .map(|(from, to)| (scope.uids[from as usize - 1], scope.uids[to.min(exists) as usize - 1]))
        .collect()
}

fn uids(set: &MessageSet, scope: Scope<'_>) -> Vec<(u32, u32)> {
    match set {
        MessageSet::Numbers(numbers) => numbers.resolve(scope.uids.last().copied().unwrap_or(0)),
        MessageSet::Saved => uid_ranges(scope.saved.iter().copied()),
    }
}

/// Where a time stands to the day that begins at `day`.
fn in_order(time: i64, order: DateOrder, day: i64) -> bool {
    match order {
        DateOrder::Before => time < day,
        DateOrder::On => (day..day + 86400).contains(&time),
        DateOrder::Since => time >= day,
    }
}

/// Internal dates are told in UTC, so their day is UTC's (RFC 9051 §6.4.4 disregards the zone).
fn day_start(date: Date) -> i64 {
    date.to_zoned(jiff::tz::TimeZone::UTC).map_or(i64::MAX >> 8, |day| day.timestamp().as_second())
}

fn field_name(field: AddressField) -> &'static str {
    match field {
        AddressField::From => "From",
        AddressField::To => "To",
        AddressField::Cc => "Cc",
        AddressField::Bcc => "Bcc",
    }
}
