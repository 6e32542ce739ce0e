//! Strings as IMAP sends them (RFC 9051 §4.3).
//!
//! A quoted string where every byte is printable ASCII, a literal otherwise: that form is right for
//! both revisions of IMAP, with and without UTF8=ACCEPT. NUL cannot be sent at all and is dropped.

use std::io::Write as _;

/// `NIL` or a string.
pub(super) fn nstring(out: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        Some(value) => string(out, value),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// A quoted string or a literal.
pub(super) fn string(out: &mut Vec<u8>, value: &[u8]) {
    if value.iter().all(|b| matches!(b, b' '..=b'~' | b'\t')) {
        out.push(b'"');
        for &byte in value {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b'"');
        return;
    }
    let nuls = memchr::memchr_iter(0, value).count();
    out.push(b'{');
    number(out, (value.len() - nuls) as u64);
    out.extend_from_slice(b"}\r\n");
    out.extend(value.iter().filter(|b| **b != 0));
}

/// A number in decimal.
pub(super) fn number(out: &mut Vec<u8>, number: u64) {
    // Writing into a Vec cannot fail.
    let _ = write!(out, "{number}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_where_possible() {
        let sent = |value: &[u8]| {
            let mut out = Vec::new();
            string(&mut out, value);
            out
        };
        assert_eq!(sent(b"a \"b\\"), b"\"a \\\"b\\\\\"");
        assert_eq!(sent("ü".as_bytes()), b"{2}\r\n\xc3\xbc");
        assert_eq!(sent(b"a\rb\0"), b"{3}\r\na\rb");
        assert_eq!(sent(b""), b"\"\"");
    }
}
