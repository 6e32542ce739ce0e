//! What a header block decides: dates, addresses, subjects, any field (RFC 9051 §6.4.4).
//!
//! Fields are compared decoded (RFC 2047), unfolded. A field that occurs twice counts twice.

use jiff::civil::Date;

use super::fold::{Needle, fold};
use super::plan::{Known, Leaf, Plan};
use crate::mime::{addresses, decode_header, fields};
use crate::types::DateOrder;

/// Decides the leaves that ask for header fields; TEXT only when the header holds it.
pub(super) fn examine(plan: &Plan, block: &[u8], known: &mut Known) {
    for (leaf, known) in plan.leaves().iter().zip(known) {
        match leaf {
            Leaf::SentDate(order, date) => {
                *known = Some(sent(block).is_some_and(|on| in_order(on, *order, *date)));
            }
            Leaf::Address(name, needle) => *known = Some(address(block, name, needle)),
            Leaf::Header(name, needle) => *known = Some(field(block, name, needle)),
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
                fold(mailbox.display_name.as_deref().unwrap_or_default(), &mut folded);
                folded.extend_from_slice(b" <");
                fold(&mailbox.address, &mut folded);
                folded.push(b'>');
                needle.within(&folded)
            })
        })
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
    fields(block).find(|field| field.is("Date")).and_then(|field| day(field.value))
}

/// The day in `Sun, 1 Feb 2026 …`, also with two digits of the year (RFC 5322 §4.3), with hyphens,
/// or as C's `asctime` writes it.
fn day(value: &[u8]) -> Option<Date> {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let words: Vec<&[u8]> = value
        .split(|b| b.is_ascii_whitespace() || matches!(b, b',' | b'-'))
        .filter(|word| !word.is_empty())
        .take(8)
        .collect();
    let month_of = |word: &[u8]| {
        let word = word.get(..3)?;
        Some(1 + MONTHS.iter().position(|month| word.eq_ignore_ascii_case(month))?)
    };
    let number = |word: Option<&&[u8]>| std::str::from_utf8(word?).ok()?.parse::<u16>().ok();
    let (at, month) = words.iter().enumerate().find_map(|(at, word)| Some((at, month_of(word)?)))?;
    let before = at.checked_sub(1).and_then(|at| number(words.get(at)));
    let (day, year) = match before {
        Some(day) => (day, number(words.get(at + 1))?),
        None => (number(words.get(at + 1))?, words.iter().skip(at + 2).find_map(|w| number(Some(w)))?),
    };
    let year = match year {
        0..50 => year + 2000,
        50..1000 => year + 1900,
        _ => year,
    };
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
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
    fn days() {
        for (value, on) in [
            ("Sun, 1 Feb 2026 23:30:00 -0800", date(2026, 2, 1)),
            (" 1 Feb 26 08:00 GMT (a comment)", date(2026, 2, 1)),
            ("Mon,  9 Mar 1998 00:00:00 +0000", date(1998, 3, 9)),
            ("1-FEB-2026 08:00:00 +0100", date(2026, 2, 1)),
            ("Sun Feb  1 08:00:00 2026", date(2026, 2, 1)),
            ("1 February 98 08:00", date(1998, 2, 1)),
        ] {
            assert_eq!(day(value.as_bytes()), Some(on), "{value}");
        }
        for value in ["", "yesterday", "31 Feb 2026", "Feb", "1 Feb", "99999 Feb 2026"] {
            assert_eq!(day(value.as_bytes()), None, "{value}");
        }
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
