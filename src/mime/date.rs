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
    let value = std::str::from_utf8(&value).ok()?;
    let mut date = DateTime::parse_rfc822(value).or_else(|| DateTime::parse_rfc822(&completed(value)?))?;
    // A leap second.
    date.second = date.second.min(59);
    date.is_valid().then(|| SentDate {
        year: date.year,
        month: date.month,
        day: date.day,
        timestamp: date.to_timestamp(),
    })
}

/// With the seconds, which may be left out (RFC 5322 §3.3), and the zone, which some senders forget: then UTC.
fn completed(value: &str) -> Option<String> {
    let value = value.split('(').next()?;
    let mut words = value.split([' ', '\t', ',']).filter(|word| !word.is_empty()).peekable();
    words.next_if(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if !time.bytes().all(|b| b.is_ascii_digit() || b == b':') {
        return None;
    }
    let seconds = if time.matches(':').count() == 1 { ":00" } else { "" };
    let zone = words.next().unwrap_or("+0000");
    Some(format!("{day} {month} {year} {time}{seconds} {zone}"))
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
            // Without seconds, without zone.
            ("Fri, 21 Nov 1997 09:55 GMT", (1997, 11, 21, 880_106_100)),
            ("21 Nov 1997 09:55 -0600 (CST)", (1997, 11, 21, 880_127_700)),
            ("Fri, 21 Nov 1997 09:55:06", (1997, 11, 21, 880_106_106)),
            ("Fri, 21 Nov 1997 09:55", (1997, 11, 21, 880_106_100)),
        ] {
            assert_eq!(of(value), Some(seen), "{value}");
        }
        for value in [
            "",
            "yesterday",
            "32 Foo 2025 00:00:00 +0000",
            "21 Nov 1997",
            "21 Nov 1997 x:y",
            "(21 Nov 1997 09:55",
        ] {
            assert_eq!(of(value), None, "{value}");
        }
    }
}
