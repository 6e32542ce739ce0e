//! One pass over the decoded content of a leaf: size, digest, first bytes, and what the rules ask.

use super::summary::{Content, Disposition};
use super::{TransferDecoder, TransferEncoding};
use aws_lc_rs::digest::{Context, SHA256};
use memchr::memchr;

/// Bytes of [`Content::head`].
const HEAD: usize = 1024;
/// Bytes kept of a machine-readable report.
const CAPTURE: usize = 16 * 1024;
/// Decoded at a time, so that content stays in the processor's cache between the looks at it.
const BLOCK: usize = 16 * 1024;

/// What the entity's header says that matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub encoding: TransferEncoding,
    /// Look for inline PGP and uuencoded files.
    pub plain_text: bool,
    /// Keep the beginning for the report.
    pub report: bool,
}

/// A leaf being read.
pub(super) struct ContentScan {
    decoder: TransferDecoder,
    identity: bool,
    digest: Context,
    content: Content,
    utf8: Utf8Check,
    lines: Option<LineWatch>,
    report: Option<Vec<u8>>,
}

/// A leaf that was read.
pub(super) struct Finished {
    pub content: Content,
    pub inline_pgp: bool,
    pub report: Option<Vec<u8>>,
}

impl ContentScan {
    /// The body begins at `offset` in the message.
    pub fn new(kind: Kind, offset: u64) -> Self {
        Self {
            decoder: TransferDecoder::with_checkpoints(kind.encoding, offset),
            identity: kind.encoding.is_identity(),
            digest: Context::new(&SHA256),
            content: Content::default(),
            utf8: Utf8Check::default(),
            lines: kind.plain_text.then(LineWatch::default),
            report: kind.report.then(Vec::new),
        }
    }

    /// Takes more of the body; `scratch` is overwritten.
    pub fn push(&mut self, encoded: &[u8], scratch: &mut Vec<u8>) {
        if self.identity {
            return encoded.chunks(BLOCK).for_each(|block| self.look(block));
        }
        for block in encoded.chunks(BLOCK) {
            scratch.clear();
            self.decoder.push(block, scratch);
            self.look(scratch);
        }
    }

    /// Ends the body.
    pub fn finish(mut self, scratch: &mut Vec<u8>) -> Finished {
        scratch.clear();
        self.content.checkpoints = self.decoder.finish_noting(scratch);
        self.look(scratch);
        self.content.valid_utf8 = self.utf8.finish();
        self.content.sha256.copy_from_slice(self.digest.finish().as_ref());
        let lines = self.lines.unwrap_or_default();
        self.content.uuencoded = lines.uuencoded;
        Finished { content: self.content, inline_pgp: lines.pgp, report: self.report }
    }

    fn look(&mut self, decoded: &[u8]) {
        if decoded.is_empty() {
            return;
        }
        let content = &mut self.content;
        keep(&mut content.head, decoded, HEAD);
        content.decoded_size += decoded.len() as u64;
        content.has_nul = content.has_nul || memchr(0, decoded).is_some();
        self.digest.update(decoded);
        self.utf8.push(decoded);
        if let Some(lines) = &mut self.lines {
            lines.push(decoded);
        }
        if let Some(report) = &mut self.report {
            keep(report, decoded, CAPTURE);
        }
    }
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    let room = limit - kept.len();
    kept.extend_from_slice(&bytes[..room.min(bytes.len())]);
}

/// Whether a stream of bytes is UTF-8.
#[derive(Default)]
struct Utf8Check {
    broken: bool,
    /// The beginning of a character.
    held: Vec<u8>,
}

impl Utf8Check {
    fn push(&mut self, mut bytes: &[u8]) {
        while !self.held.is_empty() && !self.broken {
            let Some((&first, rest)) = bytes.split_first() else { return };
            bytes = rest;
            self.held.push(first);
            match std::str::from_utf8(&self.held) {
                Ok(_) => self.held.clear(),
                Err(error) => self.broken = error.error_len().is_some(),
            }
        }
        if self.broken {
            return;
        }
        if let Err(error) = std::str::from_utf8(bytes) {
            self.broken = error.error_len().is_some();
            self.held.extend_from_slice(
                &bytes[error.valid_up_to()..]
                    [..if self.broken { 0 } else { bytes.len() - error.valid_up_to() }],
            );
        }
    }

    fn finish(&self) -> bool {
        !self.broken && self.held.is_empty()
    }
}

/// Looks at the beginnings of lines.
#[derive(Default)]
struct LineWatch {
    pgp: bool,
    uuencoded: bool,
    inside: bool,
    /// The beginning of a line that may be one of those looked for.
    start: Vec<u8>,
}

const PGP: &[u8] = b"-----BEGIN PGP MESSAGE-----";

impl LineWatch {
    fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if !self.inside {
                let end = memchr(b'\n', bytes).map_or(bytes.len(), |lf| lf + 1);
                let room = PGP.len() - self.start.len();
                if !self.start.is_empty() || matches!(bytes[0], b'-' | b'b') {
                    let taken = end.min(room);
                    self.start.extend_from_slice(&bytes[..taken]);
                    bytes = &bytes[taken..];
                    let full = self.start.len() == PGP.len();
                    if !full && self.start.last() != Some(&b'\n') {
                        return;
                    }
                    self.pgp |= self.start == PGP;
                    self.uuencoded |= is_uu_begin(&self.start);
                    self.inside = self.start.last() != Some(&b'\n');
                    self.start.clear();
                    continue;
                }
                self.inside = true;
            }
            match memchr(b'\n', bytes) {
                None => return,
                Some(lf) => {
                    bytes = &bytes[lf + 1..];
                    self.inside = false;
                }
            }
        }
    }
}

/// `begin 644 name`
fn is_uu_begin(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"begin ") else { return false };
    let digits = rest.iter().take_while(|b| matches!(b, b'0'..=b'7')).count();
    (3..=4).contains(&digits)
        && rest.get(digits) == Some(&b' ')
        && rest.get(digits + 1).is_some_and(u8::is_ascii_graphic)
}

impl Disposition {
    /// Whether programs offer the part as a file: anything but `inline` (RFC 2183 §2.8).
    pub fn is_attachment(&self) -> bool {
        *self != Self::Inline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &[u8], step: usize) -> Finished {
        let kind = Kind { encoding: TransferEncoding::SevenBit, plain_text: true, report: false };
        let mut scan = ContentScan::new(kind, 0);
        let mut scratch = Vec::new();
        text.chunks(step).for_each(|chunk| scan.push(chunk, &mut scratch));
        scan.finish(&mut scratch)
    }

    #[test]
    fn line_starts_are_seen_across_any_split() {
        for step in 1..40 {
            let pgp = scan(b"-- \r\nb\r\n-----BEGIN PGP MESSAGE-----\r\n", step);
            assert!(pgp.inline_pgp && !pgp.content.uuencoded, "{step}");
            let uu = scan(b"hello\nbegin 644 a.exe\n", step);
            assert!(!uu.inline_pgp && uu.content.uuencoded, "{step}");
            let neither = scan(b"> -----BEGIN PGP MESSAGE-----\nbegin with 644 words\nbegin 6 x", step);
            assert!(!neither.inline_pgp && !neither.content.uuencoded, "{step}");
        }
    }

    #[test]
    fn utf8_is_judged_across_any_split() {
        for step in 1..6 {
            assert!(scan("aüß€😀".as_bytes(), step).content.valid_utf8);
            assert!(!scan(b"a\xc3", step).content.valid_utf8);
            assert!(!scan(b"a\xe2\x82x\xac", step).content.valid_utf8);
        }
    }
}
