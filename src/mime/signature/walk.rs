//! The walk through the message: which part is the body, and where it ends.
//!
//! It sees header blocks and delimiters as [`Scanner`](crate::mime::Scanner) does, so that both agree
//! where a part ends; the properties hold them against each other. What it cannot follow, it passes on.

use std::mem::take;
use std::sync::Arc;

use memchr::memchr;

use super::leaf::{Ended, Filled, Leaf};
use super::text::Signature;
use super::{Form, Unsigned};
use crate::mime::entity::Entity;
use crate::mime::summary::Disposition;
use crate::mime::{Limits, TransferEncoding};

/// As the scanner's: a longer line is content.
const MAX_DELIMITER: usize = 1000;

/// One pass that appends a signature.
///
/// ```
/// use postern::mime::{Limits, signature::{Signature, Signing}};
/// let signature = Signature::new("Anna").unwrap();
/// let mut signing = Signing::new(signature.into(), Limits::default());
/// let mut out = Vec::new();
/// signing.push(b"Subject: hello\r\n\r\nbo", &mut out);
/// signing.push(b"dy\r\n", &mut out);
/// let unsigned = signing.finish(&mut out);
/// assert_eq!(out, b"Subject: hello\r\n\r\nbody\r\n\r\n-- \r\nAnna\r\n");
/// assert_eq!(unsigned[0].decoded_size, 6);
/// ```
pub struct Signing {
    signature: Arc<Signature>,
    limits: Limits,
    state: State,
    /// The header block being gathered, and where its last line begins.
    block: Vec<u8>,
    line_start: usize,
    parts_header_left: usize,
    /// The beginning of a body line that may be a delimiter.
    line: Vec<u8>,
    mid_line: bool,
    open: Vec<Level>,
    /// Sections so far, the message counted too.
    sections: usize,
    /// The text being read, if it is one to sign.
    leaf: Option<Box<Leaf>>,
    plain_done: bool,
    html_done: bool,
    unsigned: Vec<Unsigned>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Body,
    /// There is nothing left to sign.
    Through,
}

/// An open multipart.
struct Level {
    /// Until its closing delimiter.
    boundary: Option<Vec<u8>>,
    /// Its parts say the same in several forms (RFC 2046 §5.1.4).
    alternative: bool,
    /// The body may be in it.
    candidate: bool,
    /// The body was in it.
    done: bool,
    children: u32,
}

#[derive(Clone, Copy)]
struct Delimiter {
    level: usize,
    close: bool,
}

impl Signing {
    /// A pass at the first byte of a message.
    pub fn new(signature: Arc<Signature>, limits: Limits) -> Self {
        Self {
            signature,
            limits,
            state: State::Header,
            block: Vec::new(),
            line_start: 0,
            parts_header_left: limits.header_bytes,
            line: Vec::new(),
            mid_line: false,
            open: Vec::new(),
            sections: 1,
            leaf: None,
            plain_done: false,
            html_done: false,
            unsigned: Vec::new(),
        }
    }

    /// Takes the next bytes and appends to `out` what is certain.
    pub fn push(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            let taken = match self.state {
                State::Header => self.in_header(input, out),
                State::Body => self.in_body(input, out),
                State::Through => {
                    out.extend_from_slice(input);
                    return;
                }
            };
            input = &input[taken..];
        }
    }

    /// Ends the message; what the signed parts were before, in order.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Vec<Unsigned> {
        match self.state {
            State::Header => out.append(&mut self.block),
            State::Body => {
                let line = take(&mut self.line);
                if !self.mid_line && self.delimiter(&line).is_some() {
                    self.end_leaf(Filled::ToDelimiter, out);
                    out.extend_from_slice(&line);
                } else {
                    self.content(&line, out);
                    self.end_leaf(Filled::ToEnd, out);
                }
            }
            State::Through => {}
        }
        self.unsigned
    }

    /// Everything goes on as it came from here.
    fn through(&mut self, out: &mut Vec<u8>) {
        self.state = State::Through;
        if let Some(leaf) = self.leaf.take() {
            leaf.untouched(out);
        }
        out.append(&mut self.block);
        out.append(&mut self.line);
    }

    fn in_header(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let lf = memchr(b'\n', input);
        let taken = lf.map_or(input.len(), |lf| lf + 1);
        let budget = if self.sections == 1 { self.limits.header_bytes } else { self.parts_header_left };
        if taken > budget.saturating_sub(self.block.len()) {
            self.through(out);
            return 0;
        }
        self.block.extend_from_slice(&input[..taken]);
        if lf.is_none() {
            return taken;
        }
        let line = &self.block[self.line_start..];
        if matches!(line, b"\r\n" | b"\n") {
            self.end_header(out);
        } else if let Some(delimiter) = self.delimiter(line) {
            // A part without a body.
            let line = self.block.split_off(self.line_start);
            self.spend_header();
            out.append(&mut self.block);
            self.take_delimiter(delimiter, &line, out);
        } else {
            self.line_start = self.block.len();
        }
        taken
    }

    fn spend_header(&mut self) {
        if self.sections > 1 {
            self.parts_header_left = self.parts_header_left.saturating_sub(self.block.len());
        }
        self.line_start = 0;
    }

    /// The block is complete: what it says decides what becomes of the body.
    fn end_header(&mut self, out: &mut Vec<u8>) {
        self.spend_header();
        self.state = State::Body;
        self.mid_line = false;
        let entity = Entity::parse(&self.block, "text/plain");
        let eligible = self.open.last().is_none_or(|l| l.candidate && (l.alternative || !l.done));
        let boundary = if entity.is_multipart() { entity.boundary() } else { None };
        if eligible && (entity.ambiguous || entity.overflow() || never(&entity.media_type)) {
            return self.through(out);
        }
        if let Some(boundary) = boundary {
            // The scanner counts the multiparts and the part within them.
            if self.open.len() + 1 >= self.limits.depth {
                return self.through(out);
            }
            out.append(&mut self.block);
            self.open.push(Level {
                boundary: Some(boundary),
                alternative: entity.media_type == "multipart/alternative",
                candidate: eligible,
                done: false,
                children: 0,
            });
            return;
        }
        let form = match entity.media_type.as_str() {
            "text/plain" if !self.plain_done => Some(Form::Plain),
            "text/html" if !self.html_done => Some(Form::Html),
            _ => None,
        };
        let inline =
            entity.disposition().is_none_or(|d| d == Disposition::Inline) && entity.names().is_empty();
        match form {
            Some(form) if eligible && inline && entity.encoding != TransferEncoding::Unknown => {
                let parents: Vec<u32> = self.open.iter().map(|l| l.children).collect();
                let block = take(&mut self.block);
                self.leaf = Some(Box::new(Leaf::new(block, entity, form, &parents, self.signature.clone())));
            }
            _ => out.append(&mut self.block),
        }
    }

    fn in_body(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let lf = memchr(b'\n', input);
        let taken = lf.map_or(input.len(), |lf| lf + 1);
        let piece = &input[..taken];
        let waiting = self.open.iter().any(|l| l.boundary.is_some());
        if self.mid_line || !waiting {
            self.mid_line = lf.is_none();
            self.content(piece, out);
            return taken;
        }
        let begun = self.line.len();
        let room = MAX_DELIMITER - begun;
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
        let possible = self.line.starts_with(b"--") || b"--".starts_with(&self.line);
        if possible && piece.len() <= room {
            if lf.is_none() {
                return taken;
            }
            if let Some(delimiter) = self.delimiter(&self.line) {
                let line = take(&mut self.line);
                self.take_delimiter(delimiter, &line, out);
                return taken;
            }
        }
        self.line.truncate(begun);
        let line = take(&mut self.line);
        self.mid_line = lf.is_none();
        self.content(&line, out);
        if self.state == State::Through {
            // What was left of the line goes on with the rest of the input.
            return 0;
        }
        self.content(piece, out);
        taken
    }

    fn content(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(leaf) = &mut self.leaf else { return out.extend_from_slice(bytes) };
        if !leaf.push(bytes, out) {
            self.through(out);
        }
    }

    fn delimiter(&self, line: &[u8]) -> Option<Delimiter> {
        if line.len() > MAX_DELIMITER {
            return None;
        }
        let text = line.trim_ascii_end().strip_prefix(b"--")?;
        self.open.iter().enumerate().rev().find_map(|(level, open)| {
            let rest = text.strip_prefix(open.boundary.as_deref()?)?;
            let close = rest == b"--";
            (close || rest.is_empty()).then_some(Delimiter { level, close })
        })
    }

    fn take_delimiter(&mut self, delimiter: Delimiter, line: &[u8], out: &mut Vec<u8>) {
        let level = delimiter.level;
        if delimiter.close && self.open[level].children == 0 {
            // A multipart without parts is content.
            self.open[level].boundary = None;
            return out.extend_from_slice(line);
        }
        if self.leaf.is_some() {
            self.end_leaf(Filled::ToDelimiter, out);
            if self.state == State::Through {
                return out.extend_from_slice(line);
            }
        }
        out.extend_from_slice(line);
        self.open.truncate(level + 1);
        self.mid_line = false;
        if delimiter.close {
            self.open[level].boundary = None;
            self.state = State::Body;
            return;
        }
        if self.sections >= self.limits.parts {
            return self.through(out);
        }
        self.sections += 1;
        self.open[level].children += 1;
        self.state = State::Header;
    }

    /// A text that may be signed has ended.
    fn end_leaf(&mut self, filled: Filled, out: &mut Vec<u8>) {
        let Some(leaf) = self.leaf.take() else { return };
        let form = leaf.form();
        match leaf.finish(filled, out) {
            Ended::Protected => return self.state = State::Through,
            Ended::Untouched => {}
            Ended::Signed(unsigned) => self.unsigned.push(unsigned),
        }
        match form {
            Form::Plain => self.plain_done = true,
            Form::Html => self.html_done = true,
        }
        self.open.iter_mut().for_each(|level| level.done = true);
        let more = self.open.iter().any(|l| l.alternative && l.candidate && l.boundary.is_some());
        if !more || (self.plain_done && self.html_done) {
            self.state = State::Through;
        }
    }
}

/// Where the body is one of these, nothing is signed: it is protected, or made by a machine.
fn never(media_type: &str) -> bool {
    matches!(
        media_type,
        "multipart/signed"
            | "multipart/encrypted"
            | "multipart/report"
            | "multipart/digest"
            | "application/pkcs7-mime"
            | "application/x-pkcs7-mime"
            | "application/pkcs7-signature"
            | "application/x-pkcs7-signature"
            | "application/pgp-encrypted"
            | "application/pgp-signature"
            | "message/rfc822"
            | "message/global"
    )
}

impl std::fmt::Debug for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signing").field("open", &self.open.len()).finish_non_exhaustive()
    }
}
