//! `Content-Transfer-Encoding` (RFC 2045 §6), decoded as a stream.
//!
//! Broken input is decoded as far as it goes, as mail programs do: in base64 foreign characters are
//! skipped, padding ends a group and decoding goes on behind it; in quoted-printable an `=` that
//! starts no escape stands for itself. How the input is split changes nothing.

use super::Checkpoint;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::{memchr, memchr_iter};

/// How a body is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransferEncoding {
    /// `7bit`, and no header field at all.
    #[default]
    SevenBit,
    /// `8bit`
    EightBit,
    /// `binary`
    Binary,
    /// `base64`
    Base64,
    /// `quoted-printable`
    QuotedPrintable,
    /// Some other word; the body is taken as it is (RFC 2045 §6.4).
    Unknown,
}

impl TransferEncoding {
    /// From the value of the header field; comments and parameters behind the word are ignored.
    pub fn from_field(value: &[u8]) -> Self {
        let value = value.trim_ascii();
        let end =
            value.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'-')).unwrap_or(value.len());
        let is = |word: &str| value[..end].eq_ignore_ascii_case(word.as_bytes());
        match () {
            () if is("7bit") || end == 0 => Self::SevenBit,
            () if is("8bit") => Self::EightBit,
            () if is("binary") => Self::Binary,
            () if is("base64") => Self::Base64,
            () if is("quoted-printable") => Self::QuotedPrintable,
            () => Self::Unknown,
        }
    }

    /// The word of the header field, in lower case; unknown ones as `binary`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary | Self::Unknown => "binary",
            Self::Base64 => "base64",
            Self::QuotedPrintable => "quoted-printable",
        }
    }

    /// Whether the body is its own decoded form.
    pub fn is_identity(self) -> bool {
        !matches!(self, Self::Base64 | Self::QuotedPrintable)
    }

    pub(super) fn code(self) -> u8 {
        match self {
            Self::SevenBit => 0,
            Self::EightBit => 1,
            Self::Binary => 2,
            Self::Base64 => 3,
            Self::QuotedPrintable => 4,
            Self::Unknown => 5,
        }
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        [Self::SevenBit, Self::EightBit, Self::Binary, Self::Base64, Self::QuotedPrintable, Self::Unknown]
            .get(usize::from(code))
            .copied()
    }
}

/// Decodes one body as a stream, holding back at most 1,100 bytes.
#[derive(Debug, Default)]
pub struct TransferDecoder {
    encoding: TransferEncoding,
    /// Bytes taken in and given out so far.
    consumed: u64,
    produced: u64,
    marks: Option<Marks>,
    base64: Base64State,
    qp: QuotedState,
}

impl TransferDecoder {
    /// A decoder at the start of a body.
    pub fn new(encoding: TransferEncoding) -> Self {
        Self { encoding, ..Self::default() }
    }

    /// One that notes checkpoints; the body begins at `offset` in the message.
    pub(super) fn with_checkpoints(encoding: TransferEncoding, offset: u64) -> Self {
        let marks = Marks { offset, next: CHECKPOINT_EVERY, list: Vec::new() };
        Self { encoding, marks: (!encoding.is_identity()).then_some(marks), ..Self::default() }
    }

    /// Appends to `out` what `input` decodes to, as far as that is certain.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        match self.encoding {
            TransferEncoding::Base64 => self.push_base64(input, out),
            TransferEncoding::QuotedPrintable => self.push_quoted(input, out),
            _ => {
                self.count(input.len(), input.len());
                out.extend_from_slice(input);
            }
        }
    }

    /// Appends what was held back, and returns the checkpoints.
    pub(super) fn finish_noting(&mut self, out: &mut Vec<u8>) -> Vec<Checkpoint> {
        self.finish(out);
        self.marks.take().map_or_else(Vec::new, |m| m.list)
    }

    /// Appends what was held back; the decoder is then at the start of a body again.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match self.encoding {
            TransferEncoding::Base64 => self.base64.flush(out),
            TransferEncoding::QuotedPrintable => self.qp.finish(out),
            _ => {}
        }
    }

    fn count(&mut self, consumed: usize, produced: usize) {
        self.consumed += consumed as u64;
        self.produced += produced as u64;
    }

    /// Called where nothing is held back.
    fn mark(&mut self) {
        if let Some(marks) = &mut self.marks
            && self.produced >= marks.next
        {
            marks.list.push(Checkpoint { decoded: self.produced, encoded: marks.offset + self.consumed });
            marks.next = (self.produced / CHECKPOINT_EVERY + 1) * CHECKPOINT_EVERY;
        }
    }
}

const CHECKPOINT_EVERY: u64 = 64 * 1024;

#[derive(Debug)]
struct Marks {
    offset: u64,
    next: u64,
    list: Vec<Checkpoint>,
}

// Base64

/// Padding is refused here so that only the careful path meets it.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Input looked at in one go by the fast path.
const BLOCK: usize = 16 * 1024;

const FOREIGN: u8 = 0xff;

const SEXTETS: [u8; 256] = {
    let mut table = [FOREIGN; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut i = 0;
    while i < 64 {
        table[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    table
};

#[derive(Debug, Default)]
struct Base64State {
    /// Characters of an unfinished group; `held` of them.
    group: [u8; 4],
    held: usize,
    /// Characters of a block without their line ends; kept for its capacity.
    stage: Vec<u8>,
}

impl Base64State {
    /// Ends a group: two characters stand for one byte, three for two, one for none.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let bits = self.group[..self.held]
            .iter()
            .fold(0u32, |bits, &c| bits << 6 | u32::from(SEXTETS[usize::from(c)]));
        match self.held {
            2 => out.push((bits >> 4) as u8),
            3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
            4 => out.extend_from_slice(&[(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]),
            _ => {}
        }
        self.held = 0;
    }
}

impl TransferDecoder {
    fn push_base64(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            let block = &input[..input.len().min(BLOCK)];
            // The careful path takes the line with the padding, the fast one what is before it.
            let clean = memchr(b'=', block).unwrap_or(block.len());
            let taken = if clean == 0 {
                let line = memchr(b'\n', block).map_or(block.len(), |lf| lf + 1);
                self.base64_bytewise(&block[..line], out);
                line
            } else if let Some(taken) = self.base64_block(&block[..clean], out) {
                taken
            } else {
                self.base64_bytewise(&block[..clean], out);
                clean
            };
            input = &input[taken..];
        }
    }

    /// Decodes a block of nothing but alphabet and line ends, as far as the next checkpoint. `None`,
    /// and nothing done, when something else is in it.
    fn base64_block(&mut self, block: &[u8], out: &mut Vec<u8>) -> Option<usize> {
        let Base64State { group, held, stage } = &mut self.base64;
        stage.clear();
        stage.extend_from_slice(&group[..*held]);
        let room = self.marks.as_ref().map_or(usize::MAX, |m| {
            usize::try_from((m.next - self.produced).div_ceil(3)).unwrap_or(usize::MAX / 4) * 4
        });
        let mut taken = 0;
        while taken < block.len() && stage.len() < room {
            let rest = &block[taken..];
            let lf = memchr(b'\n', rest);
            let mut line = &rest[..lf.unwrap_or(rest.len())];
            if lf.is_some() {
                line = line.strip_suffix(b"\r").unwrap_or(line);
            } else if line.last() == Some(&b'\r') {
                // Its LF comes with the next block.
                line = &line[..line.len() - 1];
            }
            if stage.len() + line.len() >= room {
                let part = room - stage.len();
                stage.extend_from_slice(&line[..part]);
                taken += part;
            } else {
                stage.extend_from_slice(line);
                taken += lf.map_or(rest.len(), |lf| lf + 1);
            }
        }
        let whole = stage.len() / 4 * 4;
        let tail = &stage[whole..];
        if tail.iter().any(|&c| SEXTETS[usize::from(c)] == FOREIGN) {
            return None;
        }
        let start = out.len();
        out.resize(start + whole / 4 * 3, 0);
        if ENGINE.decode_slice(&stage[..whole], &mut out[start..]).is_err() {
            out.truncate(start);
            return None;
        }
        group[..tail.len()].copy_from_slice(tail);
        *held = tail.len();
        self.count(taken, whole / 4 * 3);
        if self.base64.held == 0 {
            self.mark();
        }
        Some(taken)
    }

    fn base64_bytewise(&mut self, block: &[u8], out: &mut Vec<u8>) {
        for &byte in block {
            let before = out.len();
            if SEXTETS[usize::from(byte)] != FOREIGN {
                self.base64.group[self.base64.held] = byte;
                self.base64.held += 1;
                if self.base64.held == 4 {
                    self.base64.flush(out);
                }
            } else if byte == b'=' {
                self.base64.flush(out);
            }
            self.count(1, out.len() - before);
            if self.base64.held == 0 && out.len() > before {
                self.mark();
            }
        }
    }
}

// Quoted-printable

/// A longer run of blanks before a line end is kept: it must end somewhere.
const BLANKS_HELD: usize = 1024;

#[derive(Debug, Default)]
struct QuotedState {
    /// Bytes whose meaning depends on what follows: `=…`, blanks, a CR.
    held: Vec<u8>,
}

impl QuotedState {
    fn finish(&mut self, out: &mut Vec<u8>) {
        let escape = self.held.first() == Some(&b'=');
        let soft_break = escape && self.held[1..].iter().all(|b| matches!(b, b' ' | b'\t' | b'\r'));
        let blanks = !escape && !self.held.contains(&b'\r');
        if !soft_break && !blanks {
            out.extend_from_slice(&self.held);
        }
        self.held.clear();
    }
}

impl TransferDecoder {
    fn push_quoted(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            let before = out.len();
            let line = memchr(b'\n', input).map(|lf| &input[..=lf]);
            let end = line.map_or(input.len(), <[u8]>::len);
            // A line that may reach the next checkpoint is taken byte by byte, to note it exactly.
            let short = self.marks.as_ref().is_none_or(|m| self.produced + (end as u64) < m.next);
            if self.qp.held.is_empty() && short && line.is_some_and(|line| quoted_line(line, out)) {
                self.count(end, out.len() - before);
            } else {
                for &byte in &input[..end] {
                    let before = out.len();
                    self.quoted_byte(byte, out);
                    self.count(1, out.len() - before);
                    if self.qp.held.is_empty() {
                        self.mark();
                    }
                }
            }
            input = &input[end..];
        }
    }

    fn quoted_byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        let held = &mut self.qp.held;
        match (held.first(), byte) {
            (Some(b'='), b'\n') if held.len() == 1 || !held[1].is_ascii_hexdigit() => {
                held.clear();
                return;
            }
            (Some(b'='), _)
                if held.len() == 1 && (byte.is_ascii_hexdigit() || matches!(byte, b' ' | b'\t' | b'\r')) =>
            {
                held.push(byte);
                return;
            }
            (Some(b'='), _) if held.len() == 2 && hex(held[1], byte).is_some() => {
                out.extend(hex(held[1], byte));
                held.clear();
                return;
            }
            (Some(b'='), b' ' | b'\t' | b'\r')
                if matches!(held.last(), Some(b' ' | b'\t')) && held.len() < BLANKS_HELD =>
            {
                held.push(byte);
                return;
            }
            (Some(b' ' | b'\t' | b'\r'), b'\n') => {
                let cr = held.last() == Some(&b'\r');
                held.clear();
                out.extend_from_slice(if cr { b"\r\n" } else { b"\n" });
                return;
            }
            (Some(b' ' | b'\t'), b' ' | b'\t' | b'\r')
                if held.last() != Some(&b'\r') && held.len() < BLANKS_HELD =>
            {
                held.push(byte);
                return;
            }
            _ => {}
        }
        // What was held stands for itself.
        out.append(held);
        if matches!(byte, b'=' | b' ' | b'\t' | b'\r') {
            held.push(byte);
        } else {
            out.push(byte);
        }
    }
}

/// Decodes a whole line in one go; false, and nothing done, when it needs care.
fn quoted_line(line: &[u8], out: &mut Vec<u8>) -> bool {
    let end = if line.ends_with(b"\r\n") { 2 } else { 1 };
    let (mut text, end) = line.split_at(line.len() - end);
    if matches!(text.last(), Some(b' ' | b'\t' | b'\r')) {
        return false;
    }
    let soft_break = text.last() == Some(&b'=');
    text = text.strip_suffix(b"=").unwrap_or(text);
    let mut from = 0;
    let start = out.len();
    for at in memchr_iter(b'=', text) {
        match text.get(at + 1..at + 3).and_then(|pair| hex(pair[0], pair[1])) {
            Some(byte) if at >= from => {
                out.extend_from_slice(&text[from..at]);
                out.push(byte);
                from = at + 3;
            }
            _ => {
                out.truncate(start);
                return false;
            }
        }
    }
    out.extend_from_slice(&text[from..]);
    if !soft_break {
        out.extend_from_slice(end);
    }
    true
}

pub(super) fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    Some((digit(high)? << 4 | digit(low)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(encoding: TransferEncoding, input: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut decoder = TransferDecoder::new(encoding);
        decoder.push(input, &mut out);
        decoder.finish(&mut out);
        out
    }

    fn noting(encoding: TransferEncoding, input: &[u8], step: usize) -> (Vec<u8>, Vec<Checkpoint>) {
        let mut out = Vec::new();
        let mut decoder = TransferDecoder::with_checkpoints(encoding, 0);
        input.chunks(step).for_each(|chunk| decoder.push(chunk, &mut out));
        let marks = decoder.finish_noting(&mut out);
        (out, marks)
    }

    #[test]
    fn words_of_the_field() {
        for (value, encoding) in [
            ("Base64", TransferEncoding::Base64),
            (" quoted-printable ; x", TransferEncoding::QuotedPrintable),
            ("7bit (plain)", TransferEncoding::SevenBit),
            ("", TransferEncoding::SevenBit),
            ("x-uuencode", TransferEncoding::Unknown),
        ] {
            assert_eq!(TransferEncoding::from_field(value.as_bytes()), encoding, "{value}");
        }
    }

    #[test]
    fn base64_as_far_as_it_goes() {
        for (input, decoded) in [
            ("aGVsbG8=\r\n", "hello"),
            ("aGVs\r\nbG8\r\n", "hello"),
            ("aG Vs!bG8", "hello"),
            ("aGk=aG8=", "hiho"),
            ("aGk===aG8", "hiho"),
            ("a", ""),
            ("====", ""),
        ] {
            assert_eq!(decode(TransferEncoding::Base64, input.as_bytes()), decoded.as_bytes(), "{input}");
        }
    }

    #[test]
    fn quoted_printable_as_far_as_it_goes() {
        for (input, decoded) in [
            ("a=3Db=3dc\r\n", "a=b=c\r\n"),
            ("soft =\r\nbreak", "soft break"),
            ("soft = \t\r\nbreak", "soft break"),
            ("blanks \t\r\nend \n", "blanks\r\nend\n"),
            ("=C3=BC", "ü"),
            ("=ZZ=4", "=ZZ=4"),
            ("==41", "=A"),
            ("end=", "end"),
            ("a \rb", "a \rb"),
        ] {
            let out = decode(TransferEncoding::QuotedPrintable, input.as_bytes());
            assert_eq!(String::from_utf8_lossy(&out), decoded, "{input:?}");
        }
    }

    #[test]
    fn a_line_without_end_has_checkpoints_too() {
        let input = b"=41b c".repeat(50_000);
        let (out, marks) = noting(TransferEncoding::QuotedPrintable, &input, input.len());
        assert_eq!((out.len(), marks.len()), (200_000, 3));
        for step in [1, 999, 70_001] {
            assert_eq!(noting(TransferEncoding::QuotedPrintable, &input, step), (out.clone(), marks.clone()));
        }
        for mark in marks {
            let rest = decode(TransferEncoding::QuotedPrintable, &input[mark.encoded as usize..]);
            assert_eq!(rest, out[mark.decoded as usize..]);
        }
    }

    #[test]
    fn checkpoints_lie_every_64_kib() {
        use base64::Engine as _;
        let content: Vec<u8> = (0..300_000u32).map(|i| ((i * 7919) >> 5) as u8).collect();
        let text = base64::engine::general_purpose::STANDARD.encode(&content);
        let lines: Vec<u8> = text.as_bytes().chunks(76).flat_map(|l| [l, b"\r\n"].concat()).collect();
        for input in [&lines[..], text.as_bytes()] {
            let (out, marks) = noting(TransferEncoding::Base64, input, input.len());
            assert_eq!(out, content);
            assert_eq!(marks.len(), 4);
            for mark in &marks {
                let from = &input[mark.encoded as usize..];
                assert_eq!(decode(TransferEncoding::Base64, from), content[mark.decoded as usize..]);
            }
            for step in [1, 1000, 70_001] {
                assert_eq!(noting(TransferEncoding::Base64, input, step), (out.clone(), marks.clone()));
            }
        }
    }

    /// Encoded text with some of it broken, long enough to reach blocks and checkpoints.
    fn broken() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => "[A-Za-z0-9+/]{76}\r\n".prop_map(|line| line.repeat(300)),
            2 => "[A-Za-z0-9+/= \r\n]{0,90}",
            2 => "(=[0-9A-F]{2}|[a-z ]|=\r\n|\r\n|=|\t){0,60}",
            1 => " {1000,1100}\r\n",
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn any_split_decodes_the_same(input in broken(), step in 1usize..40_000) {
            for encoding in [TransferEncoding::Base64, TransferEncoding::QuotedPrintable] {
                let whole = noting(encoding, &input, input.len().max(1));
                prop_assert_eq!(&noting(encoding, &input, step), &whole);
                for mark in &whole.1 {
                    let rest = decode(encoding, &input[mark.encoded as usize..]);
                    prop_assert_eq!(&rest, &whole.0[mark.decoded as usize..]);
                }
            }
        }

        #[test]
        fn what_libraries_encode_comes_back(content in proptest::collection::vec(any::<u8>(), 0..2000)) {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(&content);
            prop_assert_eq!(&decode(TransferEncoding::Base64, text.as_bytes()), &content);
            let text = quoted_printable::encode(&content);
            prop_assert_eq!(&decode(TransferEncoding::QuotedPrintable, &text), &content);
        }
    }
}
