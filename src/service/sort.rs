//! Sorting messages (RFC 5256, RFC 5957): keys are taken from rows, and from header blocks only where a
//! criterion asks for one.

use std::cmp::Ordering;

use super::search::fold::fold;
use crate::mime::{base_subject, decode_header, fields, first_address, sent_date};
use crate::service::mailbox::{AccountMail, MailError, Row};
use crate::types::{SortBy, SortCriterion, SortOrder};

/// What one criterion compares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    /// Folded: i;unicode-casemap.
    Text(Box<[u8]>),
}

/// Messages in order, and what is needed to put others among them. Messages that no criterion tells apart
/// ascend by UID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    criteria: Vec<SortCriterion>,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    keys: Box<[Key]>,
    uid: u32,
}

impl AccountMail {
    /// These messages in order.
    pub async fn sorted(&self, rows: &[Row], criteria: &[SortCriterion]) -> Result<Sorted, MailError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(rows.len());
        let mut add = |row: &Row, header: &[u8]| {
            let keys = criteria.iter().map(|criterion| key(criterion.by, row, header)).collect();
            entries.push(Entry { keys, uid: row.uid });
        };
        if criteria.iter().any(|c| !matches!(c.by, SortBy::Arrival | SortBy::Size)) {
            self.each_header(rows, |at, header| add(&rows[at], header)).await?;
        } else {
            for row in rows {
                add(row, b"");
            }
        }
        let mut sorted = Sorted { criteria: criteria.to_vec(), entries };
        if rows.len() <= AT_ONCE {
            sorted.sort();
            return Ok(sorted);
        }
        let sort = move || {
            sorted.sort();
            sorted
        };
        Ok(off_the_worker(sort).await)
    }
}

/// Up to so many messages are put in order where the question is answered: well under 10 ms.
pub(super) const AT_ONCE: usize = 5_000;

/// Does work that would keep a worker from everybody else.
pub(super) async fn off_the_worker<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and the session with it.
            Err(_) => std::future::pending().await,
        },
    }
}

impl Sorted {
    fn sort(&mut self) {
        self.entries.sort_by(|a, b| compare(&self.criteria, a, b));
    }

    /// In order.
    pub fn uids(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|entry| entry.uid)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What they are ordered by.
    pub fn criteria(&self) -> &[SortCriterion] {
        &self.criteria
    }

    /// Puts others, ordered by the same criteria, among these: place, from 0, and UID, one after the other.
    pub fn insert(&mut self, others: Self) -> Vec<(usize, u32)> {
        let mut places = Vec::with_capacity(others.entries.len());
        let mut all = Vec::with_capacity(self.entries.len() + others.entries.len());
        let mut old = std::mem::take(&mut self.entries).into_iter().peekable();
        for entry in others.entries {
            while let Some(before) = old.next_if(|e| compare(&self.criteria, e, &entry).is_lt()) {
                all.push(before);
            }
            places.push((all.len(), entry.uid));
            all.push(entry);
        }
        all.extend(old);
        self.entries = all;
        places
    }

    /// Takes messages out, whose UIDs ascend: the places they had, from 0, from the last up, so that none
    /// shifts another.
    pub fn remove(&mut self, uids: &[u32]) -> Vec<(usize, u32)> {
        let gone = |entry: &Entry| uids.binary_search(&entry.uid).is_ok();
        let places = self.entries.iter().enumerate().rev().filter(|(_, entry)| gone(entry));
        let places = places.map(|(at, entry)| (at, entry.uid)).collect();
        self.entries.retain(|entry| !gone(entry));
        places
    }
}

fn compare(criteria: &[SortCriterion], a: &Entry, b: &Entry) -> Ordering {
    criteria
        .iter()
        .zip(a.keys.iter().zip(&b.keys))
        .map(|(criterion, (a, b))| match criterion.order {
            SortOrder::Ascending => a.cmp(b),
            SortOrder::Descending => b.cmp(a),
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.uid.cmp(&b.uid))
}

fn key(by: SortBy, row: &Row, header: &[u8]) -> Key {
    match by {
        SortBy::Arrival => Key::Number(row.internal_date),
        SortBy::Size => Key::Number(row.size.cast_signed()),
        SortBy::Date => Key::Number(sent(row, header)),
        SortBy::Subject => text(&subject(header).text),
        SortBy::Cc => text(&local(header, "Cc")),
        SortBy::From => text(&local(header, "From")),
        SortBy::To => text(&local(header, "To")),
        SortBy::DisplayFrom => text(&display(header, "From")),
        SortBy::DisplayTo => text(&display(header, "To")),
    }
}

fn text(text: &str) -> Key {
    let mut folded = Vec::with_capacity(text.len());
    fold(text, &mut folded);
    Key::Text(folded.into_boxed_slice())
}

/// RFC 5256 §2.2: in UTC, and the internal date where there is none that can be read.
pub(super) fn sent(row: &Row, header: &[u8]) -> i64 {
    sent_date(header).map_or(row.internal_date, |date| date.timestamp)
}

/// The base subject of the first `Subject:`.
pub(super) fn subject(header: &[u8]) -> crate::mime::BaseSubject {
    let field = fields(header).find(|field| field.is("subject"));
    field.map(|field| base_subject(&decode_header(field.value))).unwrap_or_default()
}

fn local(header: &[u8], name: &str) -> String {
    first_address(header, name).map(|first| first.local).unwrap_or_default()
}

/// RFC 5957 §3
fn display(header: &[u8], name: &str) -> String {
    let Some(first) = first_address(header, name) else { return String::new() };
    match (first.name.filter(|name| !name.is_empty()), first.domain) {
        (Some(name), _) => name,
        (None, Some(domain)) => format!("{}@{domain}", first.local),
        (None, None) => first.local,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_sort_by() {
        let header = b"From: =?utf-8?q?Z=C3=A4hne?= <a@x.example>, b@x.example\r\n\
            To: Team: c@x.example;\r\nCc: d@x.example (Dora)\r\n\r\n";
        assert_eq!(local(header, "From"), "a");
        assert_eq!(display(header, "From"), "Zähne");
        assert_eq!((local(header, "To"), display(header, "To")), ("Team".into(), "Team".into()));
        assert_eq!(display(header, "Cc"), "Dora");
        assert_eq!(display(b"From: e@x.example\r\n\r\n", "From"), "e@x.example");
        assert_eq!(display(b"\r\n", "From"), "");
    }

    #[test]
    fn the_first_criterion_decides_first() {
        let criterion = |by, order| SortCriterion { by, order };
        let criteria = [
            criterion(SortBy::Subject, SortOrder::Ascending),
            criterion(SortBy::Size, SortOrder::Descending),
        ];
        let entry = |word: &str, size, uid| Entry { keys: [text(word), Key::Number(size)].into(), uid };
        assert_eq!(compare(&criteria, &entry("a", 1, 2), &entry("B", 9, 1)), Ordering::Less);
        assert_eq!(compare(&criteria, &entry("a", 1, 1), &entry("A", 9, 2)), Ordering::Greater);
        assert_eq!(compare(&criteria, &entry("ä", 1, 2), &entry("Ä", 1, 1)), Ordering::Greater);
        assert_eq!(compare(&criteria, &entry("", 1, 2), &entry("a", 1, 1)), Ordering::Less);
    }

    #[test]
    fn others_are_put_where_they_belong() {
        let criteria = vec![SortCriterion { by: SortBy::Subject, order: SortOrder::Descending }];
        let sorted = |list: &[(&str, u32)]| {
            let entries = list.iter().map(|(word, uid)| Entry { keys: [text(word)].into(), uid: *uid });
            Sorted { criteria: criteria.clone(), entries: entries.collect() }
        };
        let mut all = sorted(&[("c", 1), ("b", 2), ("a", 3)]);
        assert_eq!(all.insert(sorted(&[("d", 4), ("b", 5), ("a", 0)])), [(0, 4), (3, 5), (4, 0)]);
        assert_eq!(all.uids().collect::<Vec<_>>(), [4, 1, 2, 5, 0, 3]);
        assert_eq!(all.remove(&[2, 4, 9]), [(2, 2), (0, 4)]);
        assert_eq!((all.remove(&[2]).len(), all.len()), (0, 4));
    }
}
