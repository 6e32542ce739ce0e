//! Responses that are made often or by the thousand, written straight into the output: FETCH
//! framing, section labels, search results, numbers and sets (RFC 9051 §7).
//!
//! Everything is appended to a buffer; nothing here waits or fails. Strings and names are written
//! by `imap::write`.

use crate::imap::command::{By, FetchItem, PartialRange, Section, SectionText};
use crate::types::ModSeq;

/// A number in decimal.
pub fn number(mut n: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Ascending numbers as a sequence set, neighbours joined: `1:3,7`. No number writes nothing, which
/// is no set.
pub fn set(ascending: impl IntoIterator<Item = u32>, out: &mut Vec<u8>) {
    let mut numbers = ascending.into_iter();
    let Some(first) = numbers.next() else {
        return;
    };
    let (mut from, mut to) = (first, first);
    let range = |from, to, out: &mut Vec<u8>| {
        number(u64::from(from), out);
        if to > from {
            out.push(b':');
            number(u64::from(to), out);
        }
    };
    for n in numbers {
        if to.checked_add(1) != Some(n) {
            range(from, to, out);
            out.push(b',');
            from = n;
        }
        to = n;
    }
    range(from, to, out);
}

/// One `* n FETCH (…)`, item by item.
///
/// ```text
/// let mut fetch = FetchWriter::begin(seq, out);
/// fetch.item("UID"); number(uid, fetch.out());
/// fetch.finish();
/// ```
pub struct FetchWriter<'o> {
    out: &'o mut Vec<u8>,
    any: bool,
}

impl<'o> FetchWriter<'o> {
    /// `* seq FETCH (`
    pub fn begin(seq: u32, out: &'o mut Vec<u8>) -> Self {
        out.extend_from_slice(b"* ");
        number(u64::from(seq), out);
        out.extend_from_slice(b" FETCH (");
        Self { out, any: false }
    }

    /// `* uid UIDFETCH (` (RFC 9586)
    pub fn begin_uid(uid: u32, out: &'o mut Vec<u8>) -> Self {
        out.extend_from_slice(b"* ");
        number(u64::from(uid), out);
        out.extend_from_slice(b" UIDFETCH (");
        Self { out, any: false }
    }

    /// Takes up a response that was begun, and whose buffer was sent in between.
    pub fn resume(out: &'o mut Vec<u8>) -> Self {
        Self { out, any: true }
    }

    /// The item's name and the space behind it; its value is for the caller to write.
    pub fn item(&mut self, name: &str) -> &mut Vec<u8> {
        self.separate();
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b' ');
        self.out
    }

    /// An item with a number.
    pub fn number(&mut self, name: &str, n: u64) {
        number(n, self.item(name));
    }

    /// `MODSEQ (n)` (RFC 7162 §7)
    pub fn mod_seq(&mut self, modseq: ModSeq) {
        let out = self.item("MODSEQ");
        out.push(b'(');
        number(modseq.0, out);
        out.push(b')');
    }

    /// `BODY[…]<offset> `, `BINARY[…]<offset> ` or `BINARY.SIZE[…] `: what was asked, as the reply repeats it.
    /// Nothing for other items.
    pub fn section_item(&mut self, item: &FetchItem) -> &mut Vec<u8> {
        self.separate();
        match item {
            FetchItem::Section { section, partial, .. } => {
                self.out.extend_from_slice(b"BODY");
                write_section(section, self.out);
                write_offset(partial.map(|p| p.offset), self.out);
            }
            FetchItem::Binary { part, partial, .. } => {
                self.out.extend_from_slice(b"BINARY[");
                write_part(part, self.out);
                self.out.push(b']');
                write_offset(partial.map(|p| p.offset), self.out);
            }
            FetchItem::BinarySize { part } => {
                self.out.extend_from_slice(b"BINARY.SIZE[");
                write_part(part, self.out);
                self.out.push(b']');
            }
            _ => {}
        }
        self.out.push(b' ');
        self.out
    }

    /// `)` and the end of the line.
    pub fn finish(self) {
        self.out.extend_from_slice(b")\r\n");
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.any, true) {
            self.out.push(b' ');
        }
    }
}

fn write_part(part: &[u32], out: &mut Vec<u8>) {
    for (i, n) in part.iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        number(u64::from(*n), out);
    }
}

fn write_offset(offset: Option<u64>, out: &mut Vec<u8>) {
    if let Some(offset) = offset {
        out.push(b'<');
        number(offset, out);
        out.push(b'>');
    }
}

/// `section = "[" [section-spec] "]"`
fn write_section(section: &Section, out: &mut Vec<u8>) {
    out.push(b'[');
    write_part(&section.part, out);
    if !section.part.is_empty() && section.text != SectionText::Whole {
        out.push(b'.');
    }
    let (word, names): (&[u8], &[String]) = match &section.text {
        SectionText::Whole => (b"", &[]),
        SectionText::Header => (b"HEADER", &[]),
        SectionText::HeaderFields(names) => (b"HEADER.FIELDS", names),
        SectionText::HeaderFieldsNot(names) => (b"HEADER.FIELDS.NOT", names),
        SectionText::Text => (b"TEXT", &[]),
        SectionText::Mime => (b"MIME", &[]),
    };
    out.extend_from_slice(word);
    if !names.is_empty() {
        out.extend_from_slice(b" (");
        for (i, name) in names.iter().enumerate() {
            if i > 0 {
                out.push(b' ');
            }
            header_name(name, out);
        }
        out.push(b')');
    }
    out.push(b']');
}

/// `header-fld-name = astring`; the parser let through printable ASCII only.
fn header_name(name: &str, out: &mut Vec<u8>) {
    if !name.is_empty() && name.bytes().all(super::cursor::is_astring_char) {
        out.extend_from_slice(name.as_bytes());
        return;
    }
    out.push(b'"');
    for b in name.bytes() {
        if matches!(b, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(b);
    }
    out.push(b'"');
}

/// What a search found, in the numbers that the client counts by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Lowest, if asked for and there.
    pub min: Option<u32>,
    /// Highest, likewise.
    pub max: Option<u32>,
    /// How many, if asked for.
    pub count: Option<u32>,
    /// All, in order, if asked for.
    pub all: Option<Vec<u32>>,
    /// Some, in order, if asked for (RFC 9394 §3.1).
    pub partial: Option<(PartialRange, Vec<u32>)>,
    /// Highest mod-sequence among what is returned, if the search named MODSEQ (RFC 7162 §3.1.5).
    pub mod_seq: Option<ModSeq>,
}

impl Found {
    /// `* ESEARCH (TAG "a") UID MIN 1 MAX 9 COUNT 3 ALL 1,7:9 MODSEQ 5` (RFC 9051 §7.3.4). What was not found
    /// is left out, except COUNT.
    pub fn write_esearch(&self, tag: &str, by: By, out: &mut Vec<u8>) {
        self.write_correlated(format!("TAG \"{tag}\"").as_bytes(), by, out);
    }

    /// As [`write_esearch`](Self::write_esearch), with what says which search this answers written out:
    /// `TAG "a" MAILBOX "INBOX" UIDVALIDITY 1` (RFC 7377 §2.1). A tag holds nothing that must be quoted.
    pub fn write_correlated(&self, correlators: &[u8], by: By, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* ESEARCH (");
        out.extend_from_slice(correlators);
        out.extend_from_slice(b")");
        if by == By::Uid {
            out.extend_from_slice(b" UID");
        }
        for (name, n) in [(" MIN ", self.min), (" MAX ", self.max), (" COUNT ", self.count)] {
            if let Some(n) = n {
                out.extend_from_slice(name.as_bytes());
                number(u64::from(n), out);
            }
        }
        if let Some(all) = self.all.as_ref().filter(|all| !all.is_empty()) {
            out.extend_from_slice(b" ALL ");
            set(all.iter().copied(), out);
        }
        if let Some((range, some)) = &self.partial {
            out.extend_from_slice(format!(" PARTIAL ({range} ").as_bytes());
            set(some.iter().copied(), out);
            out.extend_from_slice(if some.is_empty() { b"NIL)" } else { b")" });
        }
        if let Some(modseq) = self.mod_seq {
            out.extend_from_slice(b" MODSEQ ");
            number(modseq.0, out);
        }
        out.extend_from_slice(b"\r\n");
    }

    /// `* SEARCH 2 84 882 (MODSEQ 917162500)` (RFC 3501 §7.2.5, RFC 7162 §3.1.5): all of them. SORT is
    /// answered likewise (RFC 5256 §4, RFC 7162 §3.1.6).
    pub fn write_plain(&self, word: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* ");
        out.extend_from_slice(word.as_bytes());
        for n in self.all.iter().flatten() {
            out.push(b' ');
            number(u64::from(*n), out);
        }
        if let Some(modseq) = self.mod_seq {
            out.extend_from_slice(b" (MODSEQ ");
            number(modseq.0, out);
            out.push(b')');
        }
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::command::Partial;
    use imap_codec::decode::Decoder as _;
    use proptest::prelude::*;

    fn written(f: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        f(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fetch_framing() {
        let line = written(|out| {
            let mut fetch = FetchWriter::begin(7, out);
            fetch.number("UID", 4);
            fetch.mod_seq(ModSeq(12));
            let section = Section {
                part: vec![1, 2],
                text: SectionText::HeaderFields(vec!["From".into(), "X Y".into(), "a\"".into()]),
            };
            let partial = Some(Partial { offset: 3, length: 9 });
            fetch
                .section_item(&FetchItem::Section { section, partial, peek: true })
                .extend_from_slice(b"NIL");
            fetch.number("RFC822.SIZE", u64::MAX);
            fetch.finish();
        });
        assert_eq!(
            line,
            "* 7 FETCH (UID 4 MODSEQ (12) BODY[1.2.HEADER.FIELDS (From \"X Y\" \"a\\\"\")]<3> NIL \
             RFC822.SIZE 18446744073709551615)\r\n"
        );
        let line = written(|out| {
            let mut fetch = FetchWriter::begin(1, out);
            let whole = FetchItem::Section { section: Section::default(), partial: None, peek: false };
            fetch.section_item(&whole).extend_from_slice(b"{3}\r\nabc");
            fetch.section_item(&FetchItem::BinarySize { part: vec![2] }).extend_from_slice(b"9");
            let binary = FetchItem::Binary { part: vec![], partial: None, peek: true };
            fetch.section_item(&binary).extend_from_slice(b"~{1}\r\n\0");
            FetchWriter::resume(out).finish();
        });
        assert_eq!(line, "* 1 FETCH (BODY[] {3}\r\nabc BINARY.SIZE[2] 9 BINARY[] ~{1}\r\n\0)\r\n");
        let codec = imap_codec::ResponseCodec::default();
        assert!(codec.decode(b"* 1 FETCH (BODY[1.2.HEADER.FIELDS (From \"X Y\")]<3> NIL UID 4)\r\n").is_ok());
    }

    #[test]
    fn search_results() {
        let found = Found {
            min: Some(2),
            max: Some(9),
            count: Some(4),
            all: Some(vec![2, 3, 4, 9]),
            mod_seq: Some(ModSeq(5)),
            ..Found::default()
        };
        assert_eq!(
            written(|o| found.write_esearch("a1", By::Uid, o)),
            "* ESEARCH (TAG \"a1\") UID MIN 2 MAX 9 COUNT 4 ALL 2:4,9 MODSEQ 5\r\n"
        );
        assert_eq!(written(|o| found.write_plain("SEARCH", o)), "* SEARCH 2 3 4 9 (MODSEQ 5)\r\n");
        let nothing = Found { count: Some(0), all: Some(vec![]), ..Found::default() };
        assert_eq!(
            written(|o| nothing.write_esearch("b", By::Sequence, o)),
            "* ESEARCH (TAG \"b\") COUNT 0\r\n"
        );
        assert_eq!(written(|o| nothing.write_plain("SEARCH", o)), "* SEARCH\r\n");
    }

    proptest! {
        #[test]
        fn numbers(n in any::<u64>()) {
            prop_assert_eq!(written(|o| number(n, o)), n.to_string());
        }

        /// What is written as a set is read back as the same numbers.
        #[test]
        fn sets_round_trip(numbers in prop::collection::btree_set(1u32..60, 1..30)) {
            let wire = written(|o| set(numbers.iter().copied(), o));
            let line = format!("a UID EXPUNGE {wire}\r\n");
            let mut decoder = crate::imap::codec::Decoder::new(crate::imap::codec::Limits::signed_in(0));
            let Some(crate::imap::codec::Event::Command(command)) = decoder.decode(&mut line.as_bytes()) else {
                panic!("{line}");
            };
            let crate::imap::command::CommandBody::Expunge {
                uids: Some(crate::types::MessageSet::Numbers(read)),
            } = command.body else {
                panic!("{line}");
            };
            let back: Vec<u32> = read.resolve(100).into_iter().flat_map(|(a, b)| a..=b).collect();
            prop_assert_eq!(back, numbers.into_iter().collect::<Vec<_>>());
        }
    }
}
