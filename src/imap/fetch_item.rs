//! What one FETCH item comes to for one message (RFC 9051 §6.4.5, §7.5.2; RFC 3516). Pure: bytes that must
//! be read from storage are named, not read.
//!
//! Everything an item needs apart from body bytes was computed when the message came and lies ready in
//! its facts; nothing here parses a message.

use std::ops::Range;

use super::codec::encode::{FetchWriter, number};
use super::command::{FetchItem, Partial, Section, SectionText};
use super::write;
use crate::mime::{
    FactsRef, SectionPart, SectionSpec, TextDecoder, TextForm, TransferDecoder, TransferEncoding, preview,
    preview_part, select_header_fields, thread_id,
};
use crate::service::mailbox::Row;

/// Encoded bytes of a text that its preview is made from.
const PREVIEW: u64 = 16 * 1024;

/// What is still to be sent after what [`begin`] has written.
#[derive(Debug, PartialEq, Eq)]
pub enum Rest {
    /// These bytes of the message; the literal's head is written.
    Octets(Range<u64>),
    /// The bytes that these decode to, from `skip` on, `take` of them. No head is written: which literal it is
    /// depends on what they are.
    Decoded {
        /// Where the encoded part lies.
        range: Range<u64>,
        /// How it is encoded.
        encoding: TransferEncoding,
        /// Decoded bytes to leave out first.
        skip: u64,
        /// Decoded bytes to send.
        take: u64,
    },
    /// The beginning of a text part: read it, then [`finish_preview`].
    Preview {
        /// Where it lies.
        range: Range<u64>,
        /// How it is encoded.
        encoding: TransferEncoding,
        /// Its `charset` parameter.
        charset: Option<String>,
        /// How it is marked up.
        form: TextForm,
    },
    /// The chosen fields of a header block inside the message: read it, then [`finish_fields`].
    Fields(Range<u64>),
}

/// The item cannot be answered: a transfer encoding that nobody knows (RFC 3516 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownEncoding;

/// Whether the item looks at the message's facts.
pub fn needs_facts(item: &FetchItem) -> bool {
    match item {
        FetchItem::Uid
        | FetchItem::Flags
        | FetchItem::InternalDate
        | FetchItem::Rfc822Size
        | FetchItem::ModSeq
        | FetchItem::SaveDate
        | FetchItem::EmailId
        | FetchItem::Rfc822 => false,
        FetchItem::Section { section, .. } => *section != Section::default(),
        FetchItem::Binary { part, .. } | FetchItem::BinarySize { part } => !part.is_empty(),
        _ => true,
    }
}

/// Whether bytes of the message must be read for it.
pub fn needs_body(item: &FetchItem, facts: Option<&FactsRef<'_>>) -> bool {
    match item {
        FetchItem::Rfc822 | FetchItem::Rfc822Text | FetchItem::Binary { .. } => true,
        FetchItem::Preview => facts.and_then(preview_part).is_some(),
        FetchItem::Rfc822Header => facts.is_none_or(|f| !header_is_whole(f)),
        FetchItem::Section { section: Section { part, text }, .. } => match text {
            SectionText::Header | SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
                !part.is_empty() || facts.is_none_or(|f| !header_is_whole(f))
            }
            _ => true,
        },
        _ => false,
    }
}

/// Whether the stored header block is the whole one.
fn header_is_whole(facts: &FactsRef<'_>) -> bool {
    let header = facts.locate(SectionSpec::new(&[], SectionPart::Header));
    header == Some(0..facts.header.len() as u64)
}

/// Whether the message has a transfer encoding that stands in the item's way.
///
/// # Errors
/// [`UnknownEncoding`]
pub fn check(item: &FetchItem, facts: Option<&FactsRef<'_>>) -> Result<(), UnknownEncoding> {
    let (FetchItem::Binary { part, .. } | FetchItem::BinarySize { part }) = item else { return Ok(()) };
    let found = facts.filter(|_| !part.is_empty()).and_then(|f| f.part(part));
    match found {
        Some(section) if section.encoding == TransferEncoding::Unknown => Err(UnknownEncoding),
        _ => Ok(()),
    }
}

/// Appends the item's name and, as far as it lies ready, its value. FLAGS, UID, MODSEQ and SAVEDATE are
/// the caller's.
pub fn begin(
    item: &FetchItem,
    row: &Row,
    facts: Option<&FactsRef<'_>>,
    fetch: &mut FetchWriter<'_>,
) -> Option<Rest> {
    match item {
        FetchItem::Uid | FetchItem::Flags | FetchItem::ModSeq | FetchItem::SaveDate => {}
        FetchItem::InternalDate => write::date_time(row.internal_date, fetch.item("INTERNALDATE")),
        FetchItem::Rfc822Size => fetch.number("RFC822.SIZE", row.size),
        FetchItem::Envelope => ready(facts.map(|f| f.envelope), fetch.item("ENVELOPE")),
        FetchItem::Body => ready(facts.map(|f| f.body), fetch.item("BODY")),
        FetchItem::BodyStructure => ready(facts.map(|f| f.bodystructure), fetch.item("BODYSTRUCTURE")),
        FetchItem::Preview => match facts.and_then(preview_part) {
            None => fetch.item("PREVIEW").extend_from_slice(b"\"\""),
            Some(part) => {
                fetch.item("PREVIEW");
                return Some(Rest::Preview {
                    range: part.body.start..part.body.end.min(part.body.start + PREVIEW),
                    encoding: part.encoding,
                    charset: part.charset.map(str::to_owned),
                    form: part.text_form(),
                });
            }
        },
        FetchItem::EmailId => {
            let out = fetch.item("EMAILID");
            out.push(b'(');
            out.extend_from_slice(row.body.object_id().as_bytes());
            out.push(b')');
        }
        FetchItem::ThreadId => {
            let id = thread_id(facts.map_or(&b""[..], |facts| facts.header), row.body);
            let out = fetch.item("THREADID");
            out.push(b'(');
            out.extend_from_slice(id.as_bytes());
            out.push(b')');
        }
        FetchItem::Rfc822 => return Some(octets(0..row.size, None, fetch.item("RFC822"))),
        FetchItem::Rfc822Header => return header(facts, None, fetch.item("RFC822.HEADER")),
        FetchItem::Rfc822Text => {
            let range = facts.and_then(|f| f.locate(SectionSpec::new(&[], SectionPart::Text)));
            return located(range, None, fetch.item("RFC822.TEXT"));
        }
        FetchItem::Section { section, partial, .. } => {
            return section_value(section, *partial, row, facts, fetch.section_item(item));
        }
        FetchItem::Binary { part, partial, .. } => {
            return binary_value(part, *partial, row, facts, fetch.section_item(item));
        }
        FetchItem::BinarySize { part } => {
            let size = if part.is_empty() {
                row.size
            } else {
                facts.and_then(|f| f.part(part)).map_or(0, |s| s.decoded_size)
            };
            number(size, fetch.section_item(item));
        }
    }
    None
}

/// Appends the preview of a part whose beginning was read.
pub fn finish_preview(
    bytes: &[u8],
    encoding: TransferEncoding,
    charset: Option<&str>,
    form: TextForm,
    out: &mut Vec<u8>,
) {
    let mut decoded = Vec::new();
    let mut decoder = TransferDecoder::new(encoding);
    decoder.push(bytes, &mut decoded);
    decoder.finish(&mut decoded);
    write::string(&preview(&TextDecoder::decode(charset, &decoded), form), out);
}

/// Appends the value of a HEADER.FIELDS item whose header block was read.
pub fn finish_fields(item: &FetchItem, block: &[u8], out: &mut Vec<u8>) {
    let FetchItem::Section { section, partial, .. } = item else { return };
    fields(&section.text, block, *partial, out);
}

fn ready(value: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(value.unwrap_or(b"NIL"));
}

/// What is left of `range` after `<offset.length>`.
fn cut(range: Range<u64>, partial: Option<Partial>) -> Range<u64> {
    match partial {
        Some(partial) => partial.cut(range),
        None => range,
    }
}

fn octets(range: Range<u64>, partial: Option<Partial>, out: &mut Vec<u8>) -> Rest {
    let range = cut(range, partial);
    write::literal(range.end - range.start, out);
    Rest::Octets(range)
}

/// A section that the message may not have.
fn located(range: Option<Range<u64>>, partial: Option<Partial>, out: &mut Vec<u8>) -> Option<Rest> {
    let Some(range) = range else {
        out.extend_from_slice(b"NIL");
        return None;
    };
    Some(octets(range, partial, out))
}

/// The top header block, from the facts when they hold all of it.
fn header(facts: Option<&FactsRef<'_>>, partial: Option<Partial>, out: &mut Vec<u8>) -> Option<Rest> {
    match facts {
        Some(facts) if header_is_whole(facts) => {
            literal_of(facts.header, partial, out);
            None
        }
        _ => located(facts.and_then(|f| f.locate(SectionSpec::new(&[], SectionPart::Header))), partial, out),
    }
}

fn literal_of(bytes: &[u8], partial: Option<Partial>, out: &mut Vec<u8>) {
    let range = cut(0..bytes.len() as u64, partial);
    let bytes = &bytes[range.start as usize..range.end as usize];
    write::literal(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn fields(text: &SectionText, block: &[u8], partial: Option<Partial>, out: &mut Vec<u8>) {
    let (names, not) = match text {
        SectionText::HeaderFields(names) => (names, false),
        SectionText::HeaderFieldsNot(names) => (names, true),
        _ => return,
    };
    let mut chosen = Vec::new();
    select_header_fields(block, names, not, &mut chosen);
    literal_of(&chosen, partial, out);
}

fn section_value(
    section: &Section,
    partial: Option<Partial>,
    row: &Row,
    facts: Option<&FactsRef<'_>>,
    out: &mut Vec<u8>,
) -> Option<Rest> {
    let Section { part, text } = section;
    let which = match text {
        SectionText::Whole if part.is_empty() => return Some(octets(0..row.size, partial, out)),
        SectionText::Header if part.is_empty() => return header(facts, partial, out),
        SectionText::Whole => SectionPart::Whole,
        SectionText::Text => SectionPart::Text,
        SectionText::Mime => SectionPart::Mime,
        SectionText::Header | SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
            SectionPart::Header
        }
    };
    if matches!(text, SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_)) {
        if part.is_empty()
            && let Some(facts) = facts.filter(|f| header_is_whole(f))
        {
            fields(text, facts.header, partial, out);
            return None;
        }
        return match facts.and_then(|f| f.locate(SectionSpec::new(part, which))) {
            Some(range) => Some(Rest::Fields(range)),
            None => located(None, None, out),
        };
    }
    located(facts.and_then(|f| f.locate(SectionSpec::new(part, which))), partial, out)
}

fn binary_value(
    part: &[u32],
    partial: Option<Partial>,
    row: &Row,
    facts: Option<&FactsRef<'_>>,
    out: &mut Vec<u8>,
) -> Option<Rest> {
    let as_it_is = |range, encoding| {
        let range = cut(range, partial);
        Rest::Decoded { take: range.end - range.start, range, encoding, skip: 0 }
    };
    if part.is_empty() {
        return Some(as_it_is(0..row.size, TransferEncoding::Binary));
    }
    let Some(found) = facts.and_then(|f| f.part(part)) else { return located(None, None, out) };
    if found.encoding.is_identity() {
        return Some(as_it_is(found.body, found.encoding));
    }
    let Range { start, end } = cut(0..found.decoded_size, partial);
    Some(Rest::Decoded { range: found.body, encoding: found.encoding, skip: start, take: end - start })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::{Limits, Scanner};
    use crate::types::{BodyId, Flags, ModSeq};

    const MESSAGE: &[u8] =
        b"From: anna@a.example\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf\r\n\
Content-Transfer-Encoding: base64\r\n\r\nAGFi\r\n--b--\r\n";

    fn answer(item: &FetchItem) -> (String, Option<Rest>) {
        let mut scanner = Scanner::new(Limits::default());
        scanner.feed(MESSAGE);
        let facts = scanner.finish().facts;
        let row = Row {
            uid: 1,
            flags: Flags::NONE,
            modseq: ModSeq(1),
            size: MESSAGE.len() as u64,
            internal_date: 0,
            body: BodyId(uuid::Uuid::nil()),
        };
        let view = facts.view();
        assert!(check(item, Some(&view)).is_ok());
        let mut out = Vec::new();
        let rest = begin(item, &row, Some(&view), &mut FetchWriter::begin(1, &mut out));
        out.drain(.."* 1 FETCH (".len());
        assert_eq!(needs_body(item, Some(&view)), rest.is_some() || out.ends_with(b"NIL"), "{item:?}");
        if let Some(Rest::Octets(range)) = &rest {
            out.extend_from_slice(&MESSAGE[range.start as usize..range.end as usize]);
        }
        (String::from_utf8(out).unwrap(), rest)
    }

    fn section(part: &[u32], text: SectionText, partial: Option<(u64, u64)>) -> FetchItem {
        FetchItem::Section {
            section: Section { part: part.to_vec(), text },
            partial: partial.map(|(offset, length)| Partial { offset, length }),
            peek: true,
        }
    }

    #[test]
    fn sections() {
        let whole = answer(&section(&[], SectionText::Whole, None)).0;
        assert_eq!(
            whole,
            format!("BODY[] {{{}}}\r\n{}", MESSAGE.len(), std::str::from_utf8(MESSAGE).unwrap())
        );
        assert_eq!(answer(&section(&[1], SectionText::Whole, None)).0, "BODY[1] {5}\r\nhello");
        assert_eq!(answer(&section(&[1], SectionText::Whole, Some((2, 2)))).0, "BODY[1]<2> {2}\r\nll");
        assert_eq!(answer(&section(&[1], SectionText::Whole, Some((9, 2)))).0, "BODY[1]<9> {0}\r\n");
        assert_eq!(answer(&section(&[7], SectionText::Whole, None)).0, "BODY[7] NIL");
        assert_eq!(
            answer(&section(&[1], SectionText::Mime, None)).0,
            "BODY[1.MIME] {28}\r\nContent-Type: text/plain\r\n\r\n"
        );
        let fields = SectionText::HeaderFields(vec!["SUBJECT".into(), "X y".into()]);
        assert_eq!(
            answer(&section(&[], fields, None)).0,
            "BODY[HEADER.FIELDS (SUBJECT \"X y\")] {14}\r\nSubject: x\r\n\r\n"
        );
        let not = SectionText::HeaderFieldsNot(vec!["Content-Type".into()]);
        assert_eq!(
            answer(&section(&[], not, Some((0, 5)))).0,
            "BODY[HEADER.FIELDS.NOT (Content-Type)]<0> {5}\r\nFrom:"
        );
    }

    #[test]
    fn binary() {
        let item = FetchItem::Binary { part: vec![2], partial: None, peek: true };
        let (text, rest) = answer(&item);
        assert_eq!(text, "BINARY[2] ");
        assert!(matches!(rest, Some(Rest::Decoded { skip: 0, take: 3, .. })));
        let partial = Some(Partial { offset: 1, length: 9 });
        let (text, rest) = answer(&FetchItem::Binary { part: vec![2], partial, peek: true });
        assert_eq!(text, "BINARY[2]<1> ");
        assert!(matches!(rest, Some(Rest::Decoded { skip: 1, take: 2, .. })));
        assert_eq!(answer(&FetchItem::BinarySize { part: vec![2] }).0, "BINARY.SIZE[2] 3");
        let (text, rest) = answer(&FetchItem::Binary { part: vec![1], partial, peek: true });
        assert_eq!(text, "BINARY[1]<1> ");
        let Some(Rest::Decoded { range, skip: 0, take: 4, .. }) = rest else { panic!("{rest:?}") };
        assert_eq!(&MESSAGE[range.start as usize..range.end as usize], b"ello");
    }

    #[test]
    fn small_items() {
        assert_eq!(answer(&FetchItem::Rfc822Size).0, format!("RFC822.SIZE {}", MESSAGE.len()));
        assert_eq!(answer(&FetchItem::InternalDate).0, "INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\"");
        assert!(answer(&FetchItem::Envelope).0.starts_with("ENVELOPE (NIL \"x\" "));
        assert!(answer(&FetchItem::BodyStructure).0.starts_with("BODYSTRUCTURE ((\"text\" \"plain\""));
        assert!(answer(&FetchItem::Rfc822Header).0.ends_with("boundary=b\r\n\r\n"));
        assert!(answer(&FetchItem::Rfc822Text).0.ends_with("--b--\r\n"));
    }
}
