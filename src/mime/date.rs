//! The `Date:` field (RFC 5322 §3.3, obsolete forms too), for `SENTON` and its like.

use super::field::{fields, unfold};
use mail_parser::DateTime;

/// When a message says it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SentDate {
    /// As written, in the sender's zone: RFC 9051 §6.4.4 compares dates "disregarding time and timezone".
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// Seconds since 1970 in UTC.
    pub timestamp: i64,
}

/// The first `Date:` of a header block; `None` where there is none, or none that can be read.
pub fn sent_date(block: &[u8]) -> Option<SentDate> {
    let field = fields(block).find(|field| field.is("date"))?;
    let value = unfold(field.value);
    let mut date = DateTime::parse_rfc822(std::str::from_utf8(&value).ok()?)?;
    // A leap second.
    date.second = date.second.min(59);
    date.is_valid().then(|| SentDate {
        year: date.year,
        month: date.month,
        day: date.day,
        timestamp: date.to_timestamp(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<(u16, u8, u8, i64)> {
        sent_date(format!("Date: {value}\r\n\r\n").as_bytes()).map(|d| (d.year, d.month, d.day, d.timestamp))
    }

    #[test]
    fn dates_as_senders_write_them() {
        for (value, seen) in [
            ("Mon, 3 Mar 2025 00:15:22 +0100", (2025, 3, 3, 1_740_957_322)),
            ("3 Mar 2025 00:15:22 +0100 (CET)", (2025, 3, 3, 1_740_957_322)),
            ("Mon,\r\n 03 Mar 2025 00:15:22 +0100", (2025, 3, 3, 1_740_957_322)),
            ("Wed, 31 Dec 2008 23:59:60 +0000", (2008, 12, 31, 1_230_767_999)),
            ("21 Nov 97 09:55:06 GMT", (1997, 11, 21, 880_106_106)),
        ] {
            assert_eq!(of(value), Some(seen), "{value}");
        }
        for value in ["", "yesterday", "32 Foo 2025 00:00:00 +0000"] {
            assert_eq!(of(value), None, "{value}");
        }
    }
}
