//! What a header block decides: dates, addresses, subjects, any field (RFC 9051 §6.4.4).
//!
//! Fields are compared decoded (RFC 2047), unfolded. A field that occurs twice counts twice.

use jiff::civil::Date;

use super::fold::{Needle, fold};
use super::index::class;
use super::index::words::Words;
use super::plan::{Known, Leaf, Plan};
use crate::mime::{Mailbox, addresses, decode_header, fields, sent_date, thread_id};
use crate::types::{BodyId, DateOrder};

/// Decides the leaves of which nothing is known and that ask for header fields; TEXT only when the header holds it.
pub(super) fn examine(plan: &Plan, block: &[u8], body: BodyId, known: &mut Known) {
    for (leaf, known) in plan.leaves().iter().zip(known).filter(|(_, known)| known.is_none()) {
        match leaf {
            Leaf::SentDate(order, date) => {
                *known = Some(sent(block).is_some_and(|on| in_order(on, *order, *date)));
            }
            Leaf::Address(name, needle) => *known = Some(address(block, name, needle)),
            Leaf::Header(name, needle) => *known = Some(field(block, name, needle)),
            Leaf::Thread(id) => *known = Some(thread_id(block, body) == *id),
            Leaf::Body(_) => {}
            Leaf::Text(needle) => {
                if needle.within(&text(block)) {
                    *known = Some(true);
                }
            }
        }
    }
}

fn field(block: &[u8], name: &str, needle: &Needle) -> bool {
    let mut folded = Vec::new();
    fields(block).filter(|field| field.is(name)).any(|field| {
        folded.clear();
        fold(&decode_header(field.value), &mut folded);
        needle.within(&folded)
    })
}

/// The field as it reads, and each of its addresses in the plain form `Name <local@domain>`, so that
/// quotes, comments and folding hide nothing.
fn address(block: &[u8], name: &str, needle: &Needle) -> bool {
    let mut folded = Vec::new();
    field(block, name, needle)
        || fields(block).filter(|field| field.is(name)).any(|field| {
            addresses(field.value).iter().any(|mailbox| {
                folded.clear();
                plain(mailbox, &mut folded);
                needle.within(&folded)
            })
        })
}

/// An address in its plain form, folded.
fn plain(mailbox: &Mailbox, folded: &mut Vec<u8>) {
    fold(mailbox.display_name.as_deref().unwrap_or_default(), folded);
    folded.extend_from_slice(b" <");
    fold(&mailbox.address, folded);
    folded.push(b'>');
}

/// Notes the words of a header block in the places where the leaves of a search look for them.
pub(super) fn index(block: &[u8], words: &mut Words) {
    const NAMED: [(&str, u8); 5] = [
        ("Subject", class::SUBJECT),
        ("From", class::FROM),
        ("To", class::TO),
        ("Cc", class::CC),
        ("Bcc", class::BCC),
    ];
    let mut all = words.begin(class::HEAD);
    all.push_folded(&text(block));
    all.finish();
    let mut folded = Vec::new();
    for field in fields(block) {
        for (_, class) in NAMED.iter().filter(|(name, _)| field.is(name)) {
            let mut value = words.begin(*class);
            value.push(&decode_header(field.value));
            value.finish();
            if *class == class::SUBJECT {
                continue;
            }
            for mailbox in &addresses(field.value) {
                folded.clear();
                plain(mailbox, &mut folded);
                let mut value = words.begin(*class);
                value.push_folded(&folded);
                value.finish();
            }
        }
    }
}

/// The whole block as lines `Name: value`, decoded and folded.
pub(super) fn text(block: &[u8]) -> Vec<u8> {
    let mut folded = Vec::with_capacity(block.len());
    for field in fields(block) {
        fold(&String::from_utf8_lossy(field.name), &mut folded);
        folded.extend_from_slice(b": ");
        fold(&decode_header(field.value), &mut folded);
        folded.extend_from_slice(b"\r\n");
    }
    folded
}

/// The day of the `Date:` field as the sender wrote it, time and zone disregarded.
fn sent(block: &[u8]) -> Option<Date> {
    let date = sent_date(block)?;
    Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?)
        .ok()
}

fn in_order(on: Date, order: DateOrder, date: Date) -> bool {
    match order {
        DateOrder::Before => on < date,
        DateOrder::On => on == date,
        DateOrder::Since => on >= date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_day_is_the_senders() {
        let on = |value: &str| sent(format!("Date: {value}\r\n\r\n").as_bytes());
        assert_eq!(on("Sun, 1 Feb 2026 23:30:00 -0800"), Some(date(2026, 2, 1)));
        assert_eq!(on("1 Feb 26 00:10 +1200"), Some(date(2026, 2, 1)));
        assert_eq!(on("yesterday"), None);
        assert!(in_order(date(2026, 2, 1), DateOrder::Since, date(2026, 2, 1)));
        assert!(!in_order(date(2026, 2, 1), DateOrder::Before, date(2026, 2, 1)));
    }

    #[test]
    fn addresses_in_every_spelling() {
        let block = b"From: \"M=C3=BCller, Anna\" <anna@x.example>\r\n\
            To: =?utf-8?q?J=C3=BCrgen?= (work) <\"j.\"@\r\n x.example>, a@b.example\r\n\r\n";
        let finds = |name: &str, text: &str| address(block, name, &Needle::new(text));
        assert!(finds("From", "anna@X"));
        assert!(finds("to", "JÜRGEN"));
        assert!(finds("To", "A@B.EXAMPLE>"));
        assert!(!finds("Cc", ""));
        assert!(finds("To", ""));
        assert!(!finds("From", "jürgen"));
    }

    #[test]
    fn fields_by_name() {
        let block =
            b"Subject: =?iso-8859-1?q?Z=E4hne?=\r\n =?iso-8859-1?q?_ziehen?=\r\nX-A:\r\nX-A: two\r\n\r\n";
        let finds = |name: &str, text: &str| field(block, name, &Needle::new(text));
        assert!(finds("SUBJECT", "zähne ZIEHEN"));
        assert!(finds("x-a", ""));
        assert!(finds("x-a", "TWO"));
        assert!(!finds("X-B", ""));
        let all = String::from_utf8(text(block)).unwrap();
        assert!(all.starts_with("SUBJECT: ZA\u{308}HNE ZIEHEN\r\nX-A: "), "{all}");
    }
}
