//! From a declared charset to UTF-8, as a stream.
//!
//! Senders mislabel: without a label, with one nobody knows, or with `us-ascii` and `utf-8`, valid
//! UTF-8 is taken as such and any other byte as Windows-1252. What a known charset cannot read
//! becomes U+FFFD. How the input is split changes nothing.

use encoding_rs::{CoderResult, Decoder, Encoding, ISO_2022_JP, UTF_8, WINDOWS_1252};
use mail_parser::decoders::charsets::{DecoderFnc, map::charset_decoder};

/// Decodes one text as a stream.
pub struct TextDecoder(Form);

enum Form {
    Known(Decoder),
    /// UTF-8 with strays; the start of a sequence that the next bytes may complete.
    Mixed(Vec<u8>),
    /// A table of one byte, one character, that `encoding_rs` lacks.
    Table(DecoderFnc),
    Utf7(Utf7),
}

impl TextDecoder {
    /// A decoder for the charset label of a `Content-Type` or an encoded word.
    pub fn new(charset: Option<&str>) -> Self {
        let label = charset.unwrap_or_default().trim().to_ascii_lowercase();
        Self(match label.as_str() {
            "" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "x-unknown" => Form::Mixed(Vec::new()),
            "utf-7" | "unicode-1-1-utf-7" => Form::Utf7(Utf7::default()),
            "cp850" | "ibm850" | "850" => {
                charset_decoder(b"ibm850").map_or(Form::Mixed(Vec::new()), Form::Table)
            }
            name => match Encoding::for_label_no_replacement(alias(name).as_bytes()) {
                None => Form::Mixed(Vec::new()),
                Some(encoding) if encoding == UTF_8 => Form::Mixed(Vec::new()),
                Some(encoding) => Form::Known(encoding.new_decoder_without_bom_handling()),
            },
        })
    }

    /// Appends what `bytes` mean, as far as that is certain.
    pub fn push(&mut self, bytes: &[u8], out: &mut String) {
        match &mut self.0 {
            Form::Known(decoder) => decode(decoder, bytes, false, out),
            Form::Mixed(held) if held.is_empty() => mixed(bytes, held, out),
            Form::Mixed(held) => {
                let mut joined = std::mem::take(held);
                joined.extend_from_slice(bytes);
                mixed(&joined, held, out);
            }
            Form::Table(table) => out.push_str(&table(bytes)),
            Form::Utf7(utf7) => bytes.iter().for_each(|&b| utf7.push(b, out)),
        }
    }

    /// Appends what was held back; the decoder is then at the start of a text again.
    pub fn finish(&mut self, out: &mut String) {
        match &mut self.0 {
            Form::Known(decoder) => {
                decode(decoder, b"", true, out);
                *decoder = decoder.encoding().new_decoder_without_bom_handling();
            }
            Form::Mixed(held) => {
                strays(held, out);
                held.clear();
            }
            Form::Table(_) => {}
            Form::Utf7(utf7) => {
                utf7.leave(out);
                *utf7 = Utf7::default();
            }
        }
    }

    /// A whole text at once.
    pub fn decode(charset: Option<&str>, bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len());
        let mut decoder = Self::new(charset);
        decoder.push(bytes, &mut out);
        decoder.finish(&mut out);
        out
    }
}

/// A text in a charset, for writing behind text of that charset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Encoded {
    /// Its bytes.
    Whole(Vec<u8>),
    /// The charset holds ASCII, but not all of this; `?` stands for what it lacks.
    Lossy(Vec<u8>),
    /// Nothing can be written: the charset is unknown, or does not write ASCII as ASCII.
    Never,
}

/// Encodes `text` for a part that declares `charset`.
pub(super) fn encode(charset: Option<&str>, text: &str) -> Encoded {
    let label = charset.unwrap_or_default().trim().to_ascii_lowercase();
    if is_ascii_label(&label) || is_cp850(&label) {
        return ascii(text);
    }
    match Encoding::for_label_no_replacement(alias(&label).as_bytes()) {
        Some(encoding) if encoding == UTF_8 => Encoded::Whole(text.as_bytes().to_vec()),
        Some(encoding) if encoding == ISO_2022_JP => {
            // Whatever state the text before ended in, this begins in ASCII, and ends there.
            let (bytes, _, lossy) = encoding.encode(text);
            if lossy { ascii(text) } else { Encoded::Whole([b"\x1b(B", &bytes[..]].concat()) }
        }
        Some(encoding) if encoding.is_ascii_compatible() => {
            let mut bytes = Vec::with_capacity(text.len());
            let mut whole = true;
            let mut buffer = [0; 4];
            for c in text.chars() {
                let (one, _, unmappable) = encoding.encode(c.encode_utf8(&mut buffer));
                // The web standard reads ISO-8859-1 as Windows-1252, strict readers do not.
                let control = label.starts_with("iso") && matches!(*one, [0x80..=0x9f]);
                if unmappable || control {
                    whole = false;
                    bytes.push(b'?');
                } else {
                    bytes.extend_from_slice(&one);
                }
            }
            if whole { Encoded::Whole(bytes) } else { Encoded::Lossy(bytes) }
        }
        _ => Encoded::Never,
    }
}

/// The text that `bytes` are beyond doubt, if they declare `charset`.
pub(super) fn certain(charset: Option<&str>, bytes: &[u8]) -> Option<String> {
    let label = charset.unwrap_or_default().trim().to_ascii_lowercase();
    if is_ascii_label(&label) {
        return String::from_utf8(bytes.to_vec()).ok();
    }
    if is_cp850(&label) || matches!(label.as_str(), "utf-7" | "unicode-1-1-utf-7") {
        return Some(TextDecoder::decode(Some(&label), bytes)).filter(|t| !t.contains('\u{fffd}'));
    }
    let encoding = Encoding::for_label_no_replacement(alias(&label).as_bytes())?;
    // A mark of byte order may contradict the label.
    if Encoding::for_bom(bytes).is_some_and(|(marked, _)| marked != UTF_8) {
        return None;
    }
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

fn ascii(text: &str) -> Encoded {
    let bytes = text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' }).collect();
    if text.is_ascii() { Encoded::Whole(bytes) } else { Encoded::Lossy(bytes) }
}

fn is_ascii_label(label: &str) -> bool {
    matches!(label, "" | "us-ascii" | "ascii" | "ansi_x3.4-1968")
}

fn is_cp850(label: &str) -> bool {
    matches!(label, "cp850" | "ibm850" | "850")
}

/// Labels that mail carries and the web standard, which `encoding_rs` follows, does not know.
fn alias(label: &str) -> &str {
    match label {
        "cp932" | "windows-932" => "shift_jis",
        "cp936" | "windows-936" => "gbk",
        "cp949" | "windows-949" => "euc-kr",
        "cp950" | "windows-950" => "big5",
        "iso_8859-1:1987" | "latin-1" | "iso8859_1" | "8859_1" => "iso-8859-1",
        "latin-9" => "iso-8859-15",
        other => other,
    }
}

fn decode(decoder: &mut Decoder, mut bytes: &[u8], last: bool, out: &mut String) {
    loop {
        out.reserve(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len()).min(64 * 1024));
        let (result, read, _) = decoder.decode_to_string(bytes, out, last);
        bytes = &bytes[read..];
        if result == CoderResult::InputEmpty {
            return;
        }
    }
}

fn mixed(mut bytes: &[u8], held: &mut Vec<u8>, out: &mut String) {
    loop {
        match std::str::from_utf8(bytes) {
            Ok(text) => return out.push_str(text),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                out.push_str(&String::from_utf8_lossy(valid));
                let Some(len) = error.error_len() else {
                    held.extend_from_slice(rest);
                    return;
                };
                strays(&rest[..len], out);
                bytes = &rest[len..];
            }
        }
    }
}

fn strays(bytes: &[u8], out: &mut String) {
    if !bytes.is_empty() {
        out.push_str(&WINDOWS_1252.decode_without_bom_handling(bytes).0);
    }
}

/// RFC 2152.
#[derive(Default)]
struct Utf7 {
    shifted: bool,
    /// No character of the shifted run seen yet: `+-` is a plus sign.
    fresh: bool,
    bits: u32,
    count: u32,
    high: Option<u16>,
}

impl Utf7 {
    fn push(&mut self, byte: u8, out: &mut String) {
        if !self.shifted {
            if byte == b'+' {
                *self = Self { shifted: true, fresh: true, ..Self::default() };
            } else {
                strays(&[byte], out);
            }
            return;
        }
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => {
                let fresh = self.fresh;
                self.leave(out);
                match byte {
                    b'-' if fresh => out.push('+'),
                    b'-' => {}
                    _ => strays(&[byte], out),
                }
                return;
            }
        };
        self.fresh = false;
        self.bits = self.bits << 6 | u32::from(sextet);
        self.count += 6;
        if self.count >= 16 {
            self.count -= 16;
            self.unit((self.bits >> self.count) as u16, out);
            self.bits &= (1 << self.count) - 1;
        }
    }

    fn unit(&mut self, unit: u16, out: &mut String) {
        let pair = self.high.take().into_iter().chain([unit]);
        for decoded in char::decode_utf16(pair) {
            match decoded {
                Ok(c) => out.push(c),
                Err(error) if error.unpaired_surrogate() == unit && (0xd800..0xdc00).contains(&unit) => {
                    self.high = Some(unit);
                }
                Err(_) => out.push('\u{fffd}'),
            }
        }
    }

    fn leave(&mut self, out: &mut String) {
        if self.high.take().is_some() {
            out.push('\u{fffd}');
        }
        self.shifted = false;
    }
}

impl std::fmt::Debug for TextDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TextDecoder")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_senders_declare() {
        for (charset, bytes, text) in [
            (None, &b"R\xc3\xb6ntgen R\xf6ntgen"[..], "Röntgen Röntgen"),
            (Some("us-ascii"), b"\xe4", "ä"),
            (Some("UTF-8"), b"\xc3\xa4\xe4", "ää"),
            (Some("ISO-8859-1"), b"\xe4 \x80", "ä €"),
            (Some("iso-8859-15"), b"\xa4", "€"),
            (Some("windows-1251"), b"\xcf\xf0\xe8", "При"),
            (Some("iso-2022-jp"), b"\x1b$B$O\x1b(B", "は"),
            (Some("utf-16le"), b"a\0\xe4\0", "aä"),
            (Some("utf-7"), b"a +AOQ- +- +2D3eAA-!", "ä +"),
            (Some("cp850"), b"\x84", "ä"),
            (Some("no such thing"), b"\xc3\xa4", "ä"),
        ] {
            let decoded = TextDecoder::decode(charset, bytes);
            assert!(decoded.contains(text) || decoded == text, "{charset:?} gave {decoded:?}");
        }
        assert_eq!(TextDecoder::decode(Some("utf-7"), b"a +AOQ- +- +2D3eAA-!"), "a ä + 😀!");
    }

    #[test]
    fn what_a_charset_holds_is_written_in_it() {
        for (charset, text, expected) in [
            (None, "a", Encoded::Whole(b"a".to_vec())),
            (Some("US-ASCII"), "ä", Encoded::Lossy(b"?".to_vec())),
            (Some("utf-8"), "ä", Encoded::Whole(b"\xc3\xa4".to_vec())),
            (Some("ISO-8859-1"), "ä", Encoded::Whole(b"\xe4".to_vec())),
            (Some("ISO-8859-1"), "€", Encoded::Lossy(b"?".to_vec())),
            (Some("windows-1252"), "€", Encoded::Whole(b"\x80".to_vec())),
            (Some("iso-2022-jp"), "は", Encoded::Whole(b"\x1b(B\x1b$B$O\x1b(B".to_vec())),
            (Some("utf-16"), "a", Encoded::Never),
            (Some("utf-7"), "a", Encoded::Never),
            (Some("no such thing"), "a", Encoded::Never),
        ] {
            assert_eq!(encode(charset, text), expected, "{charset:?}");
        }
    }

    #[test]
    fn what_is_certain() {
        for (charset, bytes, text) in [
            (None, &b"\xc3\xa4"[..], Some("ä")),
            (None, b"\xe4", None),
            (Some("iso-8859-1"), b"\xe4", Some("ä")),
            (Some("utf-8"), b"\xe4", None),
            (Some("utf-7"), b"+AOQ-", Some("ä")),
            (Some("utf-16le"), b"\xe4\0", Some("ä")),
            (Some("utf-16"), b"\xfe\xff\0\xe4", None),
            (Some("no such thing"), b"a", None),
        ] {
            assert_eq!(certain(charset, bytes).as_deref(), text, "{charset:?}");
        }
    }

    proptest! {
        #[test]
        fn any_split_decodes_the_same(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            step in 1usize..20,
            charset in proptest::sample::select(vec!["", "utf-8", "iso-8859-1", "iso-2022-jp", "utf-16", "utf-7", "big5", "gb18030", "cp850"]),
        ) {
            let mut pieces = String::new();
            let mut decoder = TextDecoder::new(Some(charset));
            bytes.chunks(step).for_each(|chunk| decoder.push(chunk, &mut pieces));
            decoder.finish(&mut pieces);
            prop_assert_eq!(pieces, TextDecoder::decode(Some(charset), &bytes));
        }
    }
}
