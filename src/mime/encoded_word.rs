//! Header values as a reader sees them: unfolded, encoded words (RFC 2047) decoded.
//!
//! Tolerant where mail programs are: words inside a quoted string, blanks inside a word, a character
//! split between two words of one charset. What is no encoded word stays as it is. Control
//! characters become blanks, so that a decoded value is one line.

use super::TextDecoder;
use super::field::unfold;
use super::transfer::{TransferDecoder, TransferEncoding, hex};
use memchr::memmem;

/// Decodes an unstructured value, or a phrase, or a parameter that should not but does hold encoded
/// words. Bytes above 127 outside of words are read as UTF-8, else as Windows-1252.
pub fn decode_header(raw: &[u8]) -> String {
    let value = unfold(raw);
    let mut out = String::with_capacity(value.len());
    let mut rest = &value[..];
    let mut open: Option<(&[u8], TextDecoder)> = None;
    while let Some(at) = memmem::find(rest, b"=?") {
        let Some(word) = Word::parse(&rest[at..]) else {
            close(&mut open, &mut out);
            plain(&rest[..at + 2], &mut out);
            rest = &rest[at + 2..];
            continue;
        };
        let gap = &rest[..at];
        if open.is_none() || !gap.iter().all(u8::is_ascii_whitespace) {
            close(&mut open, &mut out);
            plain(gap, &mut out);
        }
        if open.as_ref().is_none_or(|(charset, _)| !charset.eq_ignore_ascii_case(word.charset)) {
            close(&mut open, &mut out);
            open = Some((word.charset, TextDecoder::new(std::str::from_utf8(word.charset).ok())));
        }
        if let Some((_, decoder)) = &mut open {
            decoder.push(&word.bytes(), &mut out);
        }
        rest = &rest[at + word.len..];
    }
    close(&mut open, &mut out);
    plain(rest, &mut out);
    if out.contains(char::is_control) {
        out = out.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    }
    out
}

fn close(open: &mut Option<(&[u8], TextDecoder)>, out: &mut String) {
    if let Some((_, mut decoder)) = open.take() {
        decoder.finish(out);
    }
}

fn plain(bytes: &[u8], out: &mut String) {
    match std::str::from_utf8(bytes) {
        Ok(text) => out.push_str(text),
        Err(_) => out.push_str(&TextDecoder::decode(None, bytes)),
    }
}

struct Word<'a> {
    charset: &'a [u8],
    base64: bool,
    text: &'a [u8],
    /// Of the whole word.
    len: usize,
}

impl<'a> Word<'a> {
    /// `=?charset*language?encoding?text?=` at the start of `input`.
    fn parse(input: &'a [u8]) -> Option<Self> {
        let body = input.get(2..)?;
        let end = body.iter().take(80).position(|&b| b == b'?')?;
        let charset = body[..end].split(|&b| b == b'*').next().filter(|c| !c.is_empty())?;
        if !charset.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let (encoding, text) = body[end + 1..].split_at_checked(2)?;
        let base64 = match encoding {
            b"B?" | b"b?" => true,
            b"Q?" | b"q?" => false,
            _ => return None,
        };
        let stop = memmem::find(text, b"?=")?;
        Some(Self { charset, base64, text: &text[..stop], len: 2 + end + 1 + 2 + stop + 2 })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len());
        if self.base64 {
            let mut decoder = TransferDecoder::new(TransferEncoding::Base64);
            decoder.push(self.text, &mut out);
            decoder.finish(&mut out);
            return out;
        }
        let mut rest = self.text;
        while let Some((&first, tail)) = rest.split_first() {
            rest = tail;
            match (first, tail.get(..2).and_then(|pair| hex(pair[0], pair[1]))) {
                (b'_', _) => out.push(b' '),
                (b'=', Some(byte)) => {
                    out.push(byte);
                    rest = &tail[2..];
                }
                _ => out.push(first),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::decode_header;

    #[test]
    fn what_a_reader_sees() {
        for (raw, seen) in [
            (&b" plain"[..], "plain"),
            (b"=?utf-8?Q?R=C3=B6ntgen_Bild?=", "Röntgen Bild"),
            (b"=?ISO-8859-1?B?TfxsbGVy?= und =?ISO-8859-1*de?q?S=F6hne?=", "Müller und Söhne"),
            // RFC 2047 §6.2: blanks between words are not shown.
            (b"=?utf-8?Q?a?=\r\n =?utf-8?Q?b?= c", "ab c"),
            // A character split between two words.
            (b"=?utf-8?B?w?= =?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),
            (b"=?utf-8?Q?with blanks?=", "with blanks"),
            (b"R\xc3\xb6ntgen", "Röntgen"),
            (b"R\xf6ntgen", "Röntgen"),
            (b"=?utf-8?X?a?= =?utf-8?Q?open", "=?utf-8?X?a?= =?utf-8?Q?open"),
            (b"=?no-such?Q?=E4=C3=A4?=", "ää"),
            (b"=?utf-8?Q?a=0D=0ABcc:_b?=", "a  Bcc: b"),
            (b"=?iso-2022-jp?B?GyRCJE8bKEI=?=", "は"),
            (b"=??Q?a?= =?", "=??Q?a?= =?"),
        ] {
            assert_eq!(decode_header(raw), seen, "{:?}", String::from_utf8_lossy(raw));
        }
    }
}
