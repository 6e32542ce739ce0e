//! Pieces of responses: strings, mailbox names, flags, dates (RFC 9051 §9).
//!
//! Everything is appended to a buffer; nothing here waits or fails.

use std::io::Write;

use super::codec::Utf8Mode;
use super::utf7;
use crate::types::{Flags, Keyword, MailboxName, SystemFlag};

/// A quoted string; the text must hold no line end and no NUL, which mailbox names never do.
pub fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A string of any text without NUL: quoted where it is printable ASCII, else a literal, which every
/// client understands.
pub fn string(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return quoted(text, out);
    }
    literal(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// An atom where it can be one, else a string.
pub fn astring(text: &str, out: &mut Vec<u8>) {
    let atom = |b: u8| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(&b);
    if !text.is_empty() && text.bytes().all(atom) {
        return out.extend_from_slice(text.as_bytes());
    }
    string(text, out);
}

/// A string of any bytes: a literal8 (RFC 3516 §4.2) where NUL is among them.
pub fn bytes(bytes: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(text) if memchr::memchr(0, bytes).is_none() => string(text, out),
        _ => {
            if memchr::memchr(0, bytes).is_some() {
                out.push(b'~');
            }
            literal(bytes.len() as u64, out);
            out.extend_from_slice(bytes);
        }
    }
}

/// A literal's head; the bytes follow.
pub fn literal(size: u64, out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{{{size}}}\r\n");
}

/// A mailbox name: in modified UTF-7, or in UTF-8 where the client turned that on.
pub fn mailbox(name: &str, mode: Utf8Mode, out: &mut Vec<u8>) {
    match mode {
        Utf8Mode::Off => {
            let mut wire = Vec::with_capacity(name.len() + 8);
            utf7::encode(name, &mut wire);
            out.push(b'"');
            for byte in wire {
                if matches!(byte, b'"' | b'\\') {
                    out.push(b'\\');
                }
                out.push(byte);
            }
            out.push(b'"');
        }
        Utf8Mode::Rev2 | Utf8Mode::Accept => quoted(name, out),
    }
}

/// A mailbox name of the account.
pub fn mailbox_name(name: &MailboxName, mode: Utf8Mode, out: &mut Vec<u8>) {
    mailbox(name.as_str(), mode, out);
}

/// `* LIST (\HasChildren) "/" "Name"`, without the end of the line (RFC 9051 §7.3.1).
pub fn list_begin<'a>(
    attributes: impl Iterator<Item = &'a str>,
    name: &MailboxName,
    mode: Utf8Mode,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"* LIST ");
    words(attributes, out);
    out.extend_from_slice(b" \"/\" ");
    mailbox_name(name, mode, out);
}

/// ` ("OLDNAME" ("Old"))` of a LIST response (RFC 9051 §6.3.9.7).
pub fn old_name(old: &str, mode: Utf8Mode, out: &mut Vec<u8>) {
    out.extend_from_slice(b" (\"OLDNAME\" (");
    mailbox(old, mode, out);
    out.extend_from_slice(b"))");
}

/// `(\Seen $Forwarded)`. Bits without a name are left out.
pub fn flag_list(flags: Flags, recent: bool, keywords: &[(u8, Keyword)], out: &mut Vec<u8>) {
    let system = SystemFlag::ALL.into_iter().filter(|f| flags.has(*f)).map(|f| -> &str { f.as_str() });
    let named = keywords.iter().filter(|(bit, _)| flags.0 & (1 << bit) != 0).map(|(_, k)| k.as_str());
    words(system.chain(recent.then_some("\\Recent")).chain(named), out);
}

/// Words in parentheses.
pub fn words<'a>(words: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    out.push(b'(');
    for (i, word) in words.enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word.as_bytes());
    }
    out.push(b')');
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `"17-Jul-1996 02:44:25 +0000"`: an internal date, in UTC.
pub fn date_time(unix: i64, out: &mut Vec<u8>) {
    let time = jiff::Timestamp::from_second(unix).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let t = jiff::tz::TimeZone::UTC.to_datetime(time);
    let month = MONTHS[usize::from(t.month().unsigned_abs() - 1) % 12];
    let _ = write!(
        out,
        "\"{:>2}-{month}-{:04} {:02}:{:02}:{:02} +0000\"",
        t.day(),
        t.year(),
        t.hour(),
        t.minute(),
        t.second()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(f: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        f(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_by_mode() {
        let name = MailboxName::new("Über \"uns\"").unwrap();
        assert_eq!(written(|o| mailbox_name(&name, Utf8Mode::Off, o)), r#""&ANw-ber \"uns\"""#);
        assert_eq!(written(|o| mailbox_name(&name, Utf8Mode::Rev2, o)), r#""Über \"uns\"""#);
    }

    #[test]
    fn dates_have_two_columns_for_the_day() {
        assert_eq!(written(|o| date_time(0, o)), "\" 1-Jan-1970 00:00:00 +0000\"");
        assert_eq!(written(|o| date_time(1_700_000_000, o)), "\"14-Nov-2023 22:13:20 +0000\"");
    }

    #[test]
    fn flags_in_order() {
        let keywords = [(8, Keyword::new("$Forwarded").unwrap())];
        let flags = Flags::of(SystemFlag::Seen)
            .union(Flags::of(SystemFlag::Answered))
            .union(Flags::keyword(8))
            .union(Flags::keyword(9));
        assert_eq!(
            written(|o| flag_list(flags, true, &keywords, o)),
            "(\\Answered \\Seen \\Recent $Forwarded)"
        );
        assert_eq!(written(|o| flag_list(Flags::NONE, false, &[], o)), "()");
    }
}
