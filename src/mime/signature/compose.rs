//! The text with the signature in it: charset, transfer encoding, and the header where one of them changes.

use base64::Engine as _;

use super::text::{Flowed, Signature, with_references};
use super::{Form, quoted};
use crate::mime::charset::{self, Encoded};
use crate::mime::entity::Entity;
use crate::mime::{TransferDecoder, TransferEncoding, fields};

/// Characters of a line of base64 (RFC 2045 §6.8).
const BASE64_LINE: usize = 76;

/// Whose header the text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The text is the whole body.
    Message,
    /// A part of a multipart.
    Part,
}

/// A text at its end.
pub(super) struct Held<'a> {
    /// Its header block with the empty line; `None`: written already.
    pub header: Option<&'a [u8]>,
    pub entity: &'a Entity,
    /// As declared, in lower case.
    pub charset: Option<&'a str>,
    pub form: Form,
    pub place: Place,
    /// Encoded: all of the text, or its end if the header is written.
    pub content: &'a [u8],
    /// The whole text is empty.
    pub empty: bool,
    /// The decoded text ends with a line end.
    pub ends_line: bool,
    pub signature: &'a Signature,
}

/// What is to be written in place of what is held; `None`: it cannot be signed without harm.
pub(super) fn compose(held: &Held<'_>) -> Option<Vec<u8>> {
    let text = held.text();
    let encoding = held.entity.encoding;
    let seven_bit = encoding == TransferEncoding::SevenBit && held.content.is_ascii();
    let fits = |encoded: &Encoded| matches!(encoded, Encoded::Whole(b) if !seven_bit || b.is_ascii());
    let mut encoded = charset::encode(held.charset, &text);
    if !fits(&encoded) && held.form == Form::Html {
        encoded = charset::encode(held.charset, &with_references(&text));
    }
    if !fits(&encoded)
        && let Some(converted) = converted(held, &text)
    {
        return Some(converted);
    }
    let addition = match encoded {
        Encoded::Whole(bytes) if !seven_bit || bytes.is_ascii() => bytes,
        Encoded::Never => return None,
        Encoded::Whole(_) | Encoded::Lossy(_) if seven_bit => {
            text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' }).collect()
        }
        Encoded::Whole(bytes) | Encoded::Lossy(bytes) => bytes,
    };
    let mut out = match held.header {
        // The digest of the text would be wrong (RFC 1864).
        Some(header) if held.entity.md5.is_some() => without(header, &["Content-MD5"]),
        Some(header) => header.to_vec(),
        None => Vec::new(),
    };
    insert(encoding, held.content, held.form, &addition, &mut out);
    Some(out)
}

impl Held<'_> {
    /// What is added, in the form and with the line ends that its place asks for.
    fn text(&self) -> String {
        match self.form {
            Form::Html => format!("\r\n{}\r\n", self.signature.html()),
            Form::Plain => {
                let flowed = self.entity.word("format").is_some_and(|f| f == "flowed");
                let block = self.signature.plain(if flowed { Flowed::Yes } else { Flowed::No });
                let before = match (self.empty, self.ends_line) {
                    (true, _) => "",
                    (false, true) => "\r\n",
                    (false, false) => "\r\n\r\n",
                };
                let after = if self.empty || self.ends_line { "\r\n" } else { "" };
                format!("{before}{block}{after}")
            }
        }
    }
}

/// The whole text in UTF-8, signature included; `None` where the header is gone or some of the text is in
/// doubt.
fn converted(held: &Held<'_>, addition: &str) -> Option<Vec<u8>> {
    let header = held.header?;
    let decoded = decoded(held.entity.encoding, held.content);
    let mut text = charset::certain(held.charset, &decoded)?;
    let at = place(held.form, text.as_bytes());
    text.insert_str(at, addition);
    let encoding = match held.entity.encoding {
        TransferEncoding::Base64 => TransferEncoding::Base64,
        _ => TransferEncoding::QuotedPrintable,
    };
    let mut out = relabelled(header, held, encoding);
    encode(encoding, text.as_bytes(), ends_line(held.content), &mut out);
    Some(out)
}

/// Where in a decoded text the signature goes.
fn place(form: Form, decoded: &[u8]) -> usize {
    let last = |tag: &[u8]| decoded.windows(tag.len()).rposition(|w| w.eq_ignore_ascii_case(tag));
    match form {
        Form::Plain => decoded.len(),
        Form::Html => last(b"</body").or_else(|| last(b"</html")).unwrap_or(decoded.len()),
    }
}

/// Puts `addition` into an encoded text; what stands on lines before stays as it is.
fn insert(encoding: TransferEncoding, content: &[u8], form: Form, addition: &[u8], out: &mut Vec<u8>) {
    if encoding.is_identity() {
        let (before, after) = content.split_at(place(form, content));
        for piece in [before, addition, after] {
            out.extend_from_slice(piece);
        }
        return;
    }
    let mut decoder = TransferDecoder::new(encoding);
    let mut decoded = Vec::with_capacity(content.len());
    // Line starts from which decoding can begin afresh.
    let mut starts = vec![(0, 0)];
    let (mut group, mut padded, mut at) = (0, false, 0);
    for line in content.split_inclusive(|&b| b == b'\n') {
        decoder.push(line, &mut decoded);
        at += line.len();
        group += line.iter().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count();
        padded |= line.contains(&b'=');
        let clean = encoding == TransferEncoding::QuotedPrintable || (group % 4 == 0 && !padded);
        if clean && line.ends_with(b"\n") {
            starts.push((at, decoded.len()));
        }
    }
    decoder.finish(&mut decoded);
    let place = place(form, &decoded);
    let (cut, from) = starts.into_iter().rfind(|(_, from)| *from <= place).unwrap_or_default();
    out.extend_from_slice(&content[..cut]);
    let tail = [&decoded[from..place], addition, &decoded[place..]].concat();
    encode(encoding, &tail, ends_line(content), out);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// With a line end.
    Line,
    /// The next delimiter brings one.
    Open,
}

fn ends_line(content: &[u8]) -> Ends {
    if content.is_empty() || content.ends_with(b"\n") { Ends::Line } else { Ends::Open }
}

fn encode(encoding: TransferEncoding, decoded: &[u8], ends: Ends, out: &mut Vec<u8>) {
    if encoding == TransferEncoding::QuotedPrintable {
        quoted::encode(decoded, out);
        // A soft break, so that the text itself does not get longer.
        if ends == Ends::Line && !decoded.ends_with(b"\r\n") {
            out.extend_from_slice(b"=\r\n");
        }
        return;
    }
    let text = base64::engine::general_purpose::STANDARD.encode(decoded);
    let mut lines = text.as_bytes().chunks(BASE64_LINE).peekable();
    while let Some(line) = lines.next() {
        out.extend_from_slice(line);
        if ends == Ends::Line || lines.peek().is_some() {
            out.extend_from_slice(b"\r\n");
        }
    }
}

fn decoded(encoding: TransferEncoding, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut decoder = TransferDecoder::new(encoding);
    decoder.push(content, &mut out);
    decoder.finish(&mut out);
    out
}

/// A header block without some of its fields.
fn without(header: &[u8], names: &[&str]) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len());
    for field in fields(header).filter(|f| !names.iter().any(|name| f.is(name))) {
        out.extend_from_slice(field.raw);
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// The header block of a text that is UTF-8 in another encoding now. Other parameters of its type stay.
fn relabelled(header: &[u8], held: &Held<'_>, encoding: TransferEncoding) -> Vec<u8> {
    let mut described = format!("Content-Type: {}; charset=UTF-8", held.entity.media_type).into_bytes();
    for parameter in &held.entity.parameters.list {
        if parameter.name.trim_end_matches('*') == "charset" {
            continue;
        }
        described.extend_from_slice(b";\r\n\t");
        described.extend_from_slice(parameter.name.as_bytes());
        let token = |b: &u8| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(b);
        if !parameter.value.is_empty() && parameter.value.iter().all(token) {
            described.push(b'=');
            described.extend_from_slice(&parameter.value);
        } else {
            described.extend_from_slice(b"=\"");
            for &byte in &parameter.value {
                if matches!(byte, b'"' | b'\\') {
                    described.push(b'\\');
                }
                described.push(byte);
            }
            described.push(b'"');
        }
    }
    described
        .extend_from_slice(format!("\r\nContent-Transfer-Encoding: {}\r\n", encoding.as_str()).as_bytes());
    let mut out = Vec::with_capacity(header.len() + described.len());
    let (mut written, mut versioned) = (false, held.place == Place::Part);
    for field in fields(header) {
        versioned |= field.is("MIME-Version");
        if field.is("Content-Type") {
            out.extend_from_slice(&described);
            written = true;
        } else if !field.is("Content-Transfer-Encoding") && !field.is("Content-MD5") {
            out.extend_from_slice(field.raw);
        }
    }
    if !versioned {
        out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    if !written {
        out.extend_from_slice(&described);
    }
    out.extend_from_slice(b"\r\n");
    out
}
