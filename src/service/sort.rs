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

impl AccountMail {
    /// The UIDs of these messages in order. Messages that no criterion tells apart stay as they stand: give
    /// them ascending by UID.
    pub async fn sort(&self, rows: &[Row], criteria: &[SortCriterion]) -> Result<Vec<u32>, MailError> {
        let mut keys: Vec<Key> = Vec::with_capacity(rows.len() * criteria.len());
        if criteria.iter().any(|c| !matches!(c.by, SortBy::Arrival | SortBy::Size)) {
            self.each_header(rows, |at, header| {
                keys.extend(criteria.iter().map(|criterion| key(criterion.by, &rows[at], header)));
            })
            .await?;
        } else {
            keys.extend(rows.iter().flat_map(|row| criteria.iter().map(|c| key(c.by, row, b""))));
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let of = |at: usize| &keys[at * criteria.len()..(at + 1) * criteria.len()];
        order.sort_by(|&a, &b| compare(criteria, of(a), of(b)));
        Ok(order.into_iter().map(|at| rows[at].uid).collect())
    }
}

fn compare(criteria: &[SortCriterion], a: &[Key], b: &[Key]) -> Ordering {
    criteria
        .iter()
        .zip(a.iter().zip(b))
        .map(|(criterion, (a, b))| match criterion.order {
            SortOrder::Ascending => a.cmp(b),
            SortOrder::Descending => b.cmp(a),
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
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
        let keys = |word: &str, size| [text(word), Key::Number(size)];
        assert_eq!(compare(&criteria, &keys("a", 1), &keys("B", 9)), Ordering::Less);
        assert_eq!(compare(&criteria, &keys("a", 1), &keys("A", 9)), Ordering::Greater);
        assert_eq!(compare(&criteria, &keys("ä", 1), &keys("Ä", 1)), Ordering::Equal);
        assert_eq!(compare(&criteria, &keys("", 1), &keys("a", 1)), Ordering::Less);
    }
}
