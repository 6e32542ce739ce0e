//! What is stored with each message so that FETCH never parses it again.
//!
//! Stored form, version 1: a version byte, then numbers as LEB128 and byte strings with their length
//! in front, in the order of [`Facts::encode`]. [`FactsRef`] borrows from it. Unknown versions are
//! an error; a new field means a new version, and old ones stay readable.

use super::locate;
use super::{SectionSpec, TransferEncoding};
use std::ops::Range;

const VERSION: u8 = 1;

/// The facts of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// RFC822.SIZE
    pub size: u64,
    /// The top header block with its blank line, as far as [`super::Limits::header_bytes`] allows.
    pub header: Vec<u8>,
    /// The value of `ENVELOPE`, ready to be sent.
    pub envelope: Vec<u8>,
    /// The value of `BODY`, ready to be sent.
    pub body: Vec<u8>,
    /// The value of `BODYSTRUCTURE`, ready to be sent.
    pub bodystructure: Vec<u8>,
    /// In the order in which they begin; the first is the message itself.
    pub sections: Vec<Section>,
}

/// What a section is to the one that encloses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The message itself.
    Root,
    /// The part with this number (from 1) of a multipart.
    Part(u32),
    /// The message inside a `message/rfc822` section.
    Embedded,
}

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Content. Also a multipart in which no part was found, and whatever lies past a limit.
    Leaf,
    /// At least one part.
    Multipart,
    /// A message (`message/rfc822`, `message/global`).
    Message,
}

/// One section, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Index of the enclosing section.
    pub parent: Option<usize>,
    /// What it is to that one.
    pub role: Role,
    /// What it holds.
    pub kind: SectionKind,
    /// `type/subtype` in lower case.
    pub media_type: String,
    /// The `charset` parameter in lower case.
    pub charset: Option<String>,
    /// How the body is encoded.
    pub encoding: TransferEncoding,
    /// Header block with its blank line, as offsets in the message.
    pub header: Range<u64>,
    /// Body, as offsets in the message.
    pub body: Range<u64>,
    /// Lines of the body, a last one without line end included.
    pub lines: u64,
    /// Bytes after decoding; of multiparts and messages the bytes of the body.
    pub decoded_size: u64,
}

/// One section, borrowed from [`Facts`] or their stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionRef<'a> {
    /// Its place among the sections.
    pub index: usize,
    /// Index of the enclosing section; always smaller than `index`.
    pub parent: Option<usize>,
    /// What it is to that one.
    pub role: Role,
    /// What it holds.
    pub kind: SectionKind,
    /// `type/subtype` in lower case.
    pub media_type: &'a str,
    /// The `charset` parameter in lower case.
    pub charset: Option<&'a str>,
    /// How the body is encoded.
    pub encoding: TransferEncoding,
    /// Header block with its blank line, as offsets in the message.
    pub header: Range<u64>,
    /// Body, as offsets in the message.
    pub body: Range<u64>,
    /// Lines of the body, a last one without line end included.
    pub lines: u64,
    /// Bytes after decoding; of multiparts and messages the bytes of the body.
    pub decoded_size: u64,
}

impl SectionRef<'_> {
    /// Whether the content is text that a search looks into.
    pub fn is_text(&self) -> bool {
        self.kind == SectionKind::Leaf
            && (self.media_type.starts_with("text/") || self.media_type.starts_with("multipart/"))
    }
}

/// Stored facts that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// Written by a newer program.
    #[error("message facts have version {0}, which this program does not know")]
    Version(u8),
    /// Cut off, or not facts at all.
    #[error("message facts are damaged")]
    Damaged,
}

/// Facts read in place. Cheap to make: the sections are looked at when asked for.
#[derive(Clone, Copy, Debug)]
pub struct FactsRef<'a> {
    /// RFC822.SIZE
    pub size: u64,
    /// See [`Facts::header`].
    pub header: &'a [u8],
    /// See [`Facts::envelope`].
    pub envelope: &'a [u8],
    /// See [`Facts::body`].
    pub body: &'a [u8],
    /// See [`Facts::bodystructure`].
    pub bodystructure: &'a [u8],
    sections: Sections<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Sections<'a> {
    Owned(&'a [Section]),
    Stored { count: usize, bytes: &'a [u8] },
}

impl Facts {
    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        let blocks = [&self.header, &self.envelope, &self.body, &self.bodystructure];
        let mut out = Vec::with_capacity(
            blocks.iter().map(|b| b.len() + 4).sum::<usize>() + self.sections.len() * 48 + 16,
        );
        out.push(VERSION);
        put_number(&mut out, self.size);
        for block in blocks {
            put_bytes(&mut out, block);
        }
        put_number(&mut out, self.sections.len() as u64);
        for section in &self.sections {
            section.put(&mut out);
        }
        out
    }

    /// The same view that stored facts give.
    pub fn view(&self) -> FactsRef<'_> {
        FactsRef {
            size: self.size,
            header: &self.header,
            envelope: &self.envelope,
            body: &self.body,
            bodystructure: &self.bodystructure,
            sections: Sections::Owned(&self.sections),
        }
    }
}

impl Section {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(out, self.parent.map_or(0, |p| p as u64 + 1));
        put_number(
            out,
            match self.role {
                Role::Root => 0,
                Role::Embedded => 1,
                Role::Part(number) => u64::from(number) + 1,
            },
        );
        out.push(match self.kind {
            SectionKind::Leaf => 0,
            SectionKind::Multipart => 1,
            SectionKind::Message => 2,
        });
        out.push(self.encoding.code());
        put_bytes(out, self.media_type.as_bytes());
        put_bytes(out, self.charset.as_deref().unwrap_or_default().as_bytes());
        // Headers touch bodies, so three distances say both ranges.
        put_number(out, self.header.start);
        put_number(out, self.header.end - self.header.start);
        put_number(out, self.body.end - self.body.start);
        put_number(out, self.lines);
        put_number(out, self.decoded_size);
    }
}

impl<'a> FactsRef<'a> {
    /// Reads the stored form.
    ///
    /// # Errors
    /// [`FactsError`]; sections are read later, and a damaged one ends their list.
    pub fn parse(stored: &'a [u8]) -> Result<Self, FactsError> {
        let (&version, mut rest) = stored.split_first().ok_or(FactsError::Damaged)?;
        if version != VERSION {
            return Err(FactsError::Version(version));
        }
        let input = &mut rest;
        Ok(Self {
            size: take_number(input).ok_or(FactsError::Damaged)?,
            header: take_bytes(input).ok_or(FactsError::Damaged)?,
            envelope: take_bytes(input).ok_or(FactsError::Damaged)?,
            body: take_bytes(input).ok_or(FactsError::Damaged)?,
            bodystructure: take_bytes(input).ok_or(FactsError::Damaged)?,
            sections: Sections::Stored {
                count: take_number(input).ok_or(FactsError::Damaged)? as usize,
                bytes: rest,
            },
        })
    }

    /// The sections in order.
    pub fn sections(&self) -> Vec<SectionRef<'a>> {
        match self.sections {
            Sections::Owned(sections) => {
                sections.iter().enumerate().map(|(i, s)| SectionRef::of(i, s)).collect()
            }
            Sections::Stored { count, mut bytes } => {
                (0..count).map_while(|index| take_section(&mut bytes, index, self.size)).collect()
            }
        }
    }

    /// The bytes of `BODY[section]`; `None` where the message has no such section.
    pub fn locate(&self, spec: SectionSpec<'_>) -> Option<Range<u64>> {
        locate::locate(&self.sections(), self.size, spec)
    }

    /// The section with these part numbers, as `BINARY[path]` and `BINARY.SIZE[path]` need it
    /// (RFC 9051 §6.4.5). `None` for an empty path and where there is no such part.
    pub fn part(&self, path: &[u32]) -> Option<SectionRef<'a>> {
        locate::part(&self.sections(), path).cloned()
    }
}

impl<'a> SectionRef<'a> {
    fn of(index: usize, section: &'a Section) -> Self {
        Self {
            index,
            parent: section.parent,
            role: section.role,
            kind: section.kind,
            media_type: &section.media_type,
            charset: section.charset.as_deref(),
            encoding: section.encoding,
            header: section.header.clone(),
            body: section.body.clone(),
            lines: section.lines,
            decoded_size: section.decoded_size,
        }
    }
}

fn take_section<'a>(input: &mut &'a [u8], index: usize, size: u64) -> Option<SectionRef<'a>> {
    let parent = match take_number(input)? {
        0 => None,
        n => Some(usize::try_from(n - 1).ok().filter(|&p| p < index)?),
    };
    let role = match take_number(input)? {
        0 => Role::Root,
        1 => Role::Embedded,
        n => Role::Part(u32::try_from(n - 1).ok()?),
    };
    let kind = match take_byte(input)? {
        0 => SectionKind::Leaf,
        1 => SectionKind::Multipart,
        2 => SectionKind::Message,
        _ => return None,
    };
    let encoding = TransferEncoding::from_code(take_byte(input)?)?;
    let media_type = std::str::from_utf8(take_bytes(input)?).ok()?;
    let charset = std::str::from_utf8(take_bytes(input)?).ok().filter(|c| !c.is_empty());
    let start = take_number(input)?;
    let middle = start.checked_add(take_number(input)?)?;
    let end = middle.checked_add(take_number(input)?).filter(|&end| end <= size)?;
    Some(SectionRef {
        index,
        parent,
        role,
        kind,
        media_type,
        charset,
        encoding,
        header: start..middle,
        body: middle..end,
        lines: take_number(input)?,
        decoded_size: take_number(input)?,
    })
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn take_byte(input: &mut &[u8]) -> Option<u8> {
    let (&first, rest) = input.split_first()?;
    *input = rest;
    Some(first)
}

fn take_number(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(input)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take_bytes<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(take_number(input)?).ok()?;
    let (bytes, rest) = input.split_at_checked(len)?;
    *input = rest;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let section = |parent, role, kind, at: u64| Section {
            parent,
            role,
            kind,
            media_type: "text/plain".into(),
            charset: (at > 0).then(|| "utf-8".into()),
            encoding: TransferEncoding::Base64,
            header: at..at + 3,
            body: at + 3..300,
            lines: 7,
            decoded_size: 1 << 40,
        };
        Facts {
            size: 300,
            header: b"a: b\r\n\r\n".to_vec(),
            envelope: b"(NIL)".to_vec(),
            body: Vec::new(),
            bodystructure: vec![b'x'; 1000],
            sections: vec![
                section(None, Role::Root, SectionKind::Multipart, 0),
                section(Some(0), Role::Part(1), SectionKind::Message, 4),
                section(Some(1), Role::Embedded, SectionKind::Leaf, 130),
            ],
        }
    }

    #[test]
    fn stored_and_read_back() {
        let facts = facts();
        let stored = facts.encode();
        let view = FactsRef::parse(&stored).unwrap();
        assert_eq!((view.size, view.header), (300, &facts.header[..]));
        assert_eq!((view.envelope, view.body), (&facts.envelope[..], &facts.body[..]));
        assert_eq!(view.bodystructure, facts.bodystructure);
        assert_eq!(view.sections(), facts.view().sections());
        assert_eq!(view.sections().len(), 3);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let mut stored = facts().encode();
        for end in 0..1020 {
            assert_eq!(FactsRef::parse(&stored[..end]).unwrap_err(), FactsError::Damaged);
        }
        stored[0] = 2;
        assert_eq!(FactsRef::parse(&stored).unwrap_err(), FactsError::Version(2));
    }
}
