//! Header fields as they stand in a header block (RFC 5322 §2.2).
//!
//! A field is a line `Name: value` with its continuation lines. Lines that are no field (no colon,
//! a name with blanks or controls, a stray continuation) are stepped over: they belong to the block
//! but to no field. An empty line ends the block.

use memchr::memchr;

/// One field, borrowed from its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written.
    pub name: &'a [u8],
    /// What follows the colon, line ends inside included, the last one not.
    pub value: &'a [u8],
    /// The whole field with all its line ends.
    pub raw: &'a [u8],
}

impl Field<'_> {
    /// Whether the field has this name.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The fields of a header block in order.
pub fn fields(block: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = block;
    std::iter::from_fn(move || {
        loop {
            let raw = take_folded_line(&mut rest)?;
            if let Some(field) = parse(raw) {
                return Some(field);
            }
        }
    })
}

/// Appends the fields that a `HEADER.FIELDS` item asks for (RFC 9051 §6.4.5): each whole, in the
/// order of the block, then the empty line. With `not`, the others (`HEADER.FIELDS.NOT`); lines that
/// are no field belong to those.
pub fn select_header_fields<N: AsRef<[u8]>>(block: &[u8], names: &[N], not: bool, out: &mut Vec<u8>) {
    let mut rest = block;
    while let Some(raw) = take_folded_line(&mut rest) {
        let wanted = parse(raw)
            .is_some_and(|field| names.iter().any(|name| field.name.eq_ignore_ascii_case(name.as_ref())));
        if wanted != not {
            out.extend_from_slice(raw);
            if !raw.ends_with(b"\n") {
                out.extend_from_slice(b"\r\n");
            }
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// A value with its line ends removed, blanks around it too (RFC 5322 §2.2.3).
pub fn unfold(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(end) = memchr(b'\n', rest) {
        out.extend_from_slice(&rest[..end - usize::from(end > 0 && rest[end - 1] == b'\r')]);
        rest = &rest[end + 1..];
    }
    out.extend_from_slice(rest);
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    out.truncate(out.len() - out.iter().rev().take_while(|b| blank(b)).count());
    let lead = out.iter().take_while(|b| blank(b)).count();
    out.drain(..lead);
    out
}

/// The next line with its continuations; `None` at the empty line or the end.
fn take_folded_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() || rest.starts_with(b"\r\n") || rest.starts_with(b"\n") {
        return None;
    }
    let mut end = 0;
    loop {
        end = memchr(b'\n', &rest[end..]).map_or(rest.len(), |lf| end + lf + 1);
        if !matches!(rest.get(end), Some(b' ' | b'\t')) {
            break;
        }
    }
    let (raw, tail) = rest.split_at(end);
    *rest = tail;
    Some(raw)
}

fn parse(raw: &[u8]) -> Option<Field<'_>> {
    let colon = memchr(b':', raw)?;
    // RFC 5322 §4.5 allows blanks before the colon in old messages.
    let name = raw[..colon].trim_ascii_end();
    if name.is_empty() || !name.iter().all(|b| matches!(b, 33..=126)) {
        return None;
    }
    let mut value = &raw[colon + 1..];
    value = value.strip_suffix(b"\n").unwrap_or(value);
    value = value.strip_suffix(b"\r").unwrap_or(value);
    Some(Field { name, value, raw })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &[u8] =
        b"From: a@b\r\nno field here\r\nSubject: one\r\n two\r\nX-Old : y\r\nsubject:three\r\n\r\nBody: x\r\n";

    #[test]
    fn junk_lines_belong_to_no_field() {
        let names: Vec<_> = fields(BLOCK).map(|f| f.name).collect();
        assert_eq!(names, [&b"From"[..], b"Subject", b"X-Old", b"subject"]);
        assert_eq!(fields(BLOCK).nth(1).unwrap().value, b" one\r\n two");
        assert_eq!(unfold(b" one\r\n two \n\t "), b"one two");
    }

    #[test]
    fn header_fields_come_whole_and_end_with_an_empty_line() {
        let mut out = Vec::new();
        select_header_fields(BLOCK, &["SUBJECT", "Missing"], false, &mut out);
        assert_eq!(out, b"Subject: one\r\n two\r\nsubject:three\r\n\r\n");
        out.clear();
        select_header_fields(BLOCK, &["subject", "x-old"], true, &mut out);
        assert_eq!(out, b"From: a@b\r\nno field here\r\n\r\n");
    }

    #[test]
    fn an_unfinished_last_line_is_closed() {
        let mut out = Vec::new();
        select_header_fields(b"To: x", &["to"], false, &mut out);
        assert_eq!(out, b"To: x\r\n\r\n");
        out.clear();
        select_header_fields(b"", &["to"], false, &mut out);
        assert_eq!(out, b"\r\n");
    }
}
