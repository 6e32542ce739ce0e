//! The pass itself: from bytes to header blocks, parts and contents.
//!
//! A stack holds the open sections. In a header block, lines are gathered until the empty one; in a
//! body, bytes flow to the innermost leaf, and only a line that begins with `--` is ever looked at
//! as a line. The line end before such a line belongs to the delimiter (RFC 2046 §5.1.1), so it is
//! held back until the line is known. A delimiter is the whole line, blanks at its end apart: a
//! boundary that begins with another one is not taken for it. A delimiter of an outer multipart ends
//! the inner ones, and so does the end of the message.
//!
//! Invariants: `offset` counts the bytes that found their place, `held` the ones behind it; sections
//! lie within their parents; nothing grows with the body except digests' fixed state, checkpoints
//! (16 bytes in 64 KiB) and what [`Limits`] bounds.

use super::content::{ContentScan, Finished, Kind};
use super::entity::{Entity, MAX_BOUNDARY};
use super::envelope::EnvelopeFields;
use super::outcome;
use super::{LimitHit, Limits, Role, Scan, SectionKind};
use memchr::{memchr, memchr_iter, memmem};
use std::ops::Range;

/// `--`, boundary, `--`, and room for the blanks that mailers append. A longer line is content.
const MAX_DELIMITER: usize = 1000;
const _: () = assert!(MAX_BOUNDARY + 4 < MAX_DELIMITER);

/// One incremental pass over a message as it will be stored.
///
/// ```
/// let mut scanner = postern::mime::Scanner::new(postern::mime::Limits::default());
/// scanner.feed(b"Subject: hello\r\n\r\nbo");
/// scanner.feed(b"dy\r\n");
/// let scan = scanner.finish();
/// assert_eq!(scan.summary.subject, "hello");
/// assert_eq!(scan.facts.view().part(&[1]).unwrap().body, 18..24);
/// ```
pub struct Scanner {
    pub(super) limits: Limits,
    /// Bytes placed, and the LFs among them.
    offset: u64,
    line_ends: u64,
    state: State,
    /// The header block being gathered, and where its last line begins.
    block: Vec<u8>,
    line_start: usize,
    /// What is left of the budget for the header blocks of parts.
    parts_header_left: usize,
    /// A line end and the beginning of the line behind it, in a body.
    held: Vec<u8>,
    /// How many bytes of `held` are the line end.
    held_end: usize,
    pub(super) nodes: Vec<Node>,
    open: Vec<usize>,
    /// Open multiparts that wait for their delimiter.
    waiting: usize,
    /// A limit was reached after which no structure is followed.
    frozen: bool,
    pub(super) limit_hit: Option<LimitHit>,
    leaf: Option<ContentScan>,
    scratch: Vec<u8>,
    finder: memmem::Finder<'static>,
    pub(super) header: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    /// In a body where a delimiter may begin with what is in `held`.
    LineStart,
    /// In a body, with nothing held.
    Inside,
}

/// A section as the pass knows it.
pub(super) struct Node {
    pub parent: Option<usize>,
    pub role: Role,
    pub kind: SectionKind,
    pub entity: Entity,
    /// Of a message: the root or an embedded one.
    pub envelope: Option<EnvelopeFields>,
    pub header: Range<u64>,
    pub body: Range<u64>,
    pub lines: u64,
    pub children: u32,
    pub finished: Option<Finished>,
    /// Set while delimiters are looked for.
    boundary: Option<Vec<u8>>,
    line_ends_before: u64,
}

impl Node {
    fn new(parent: Option<usize>, role: Role, offset: u64) -> Self {
        Self {
            parent,
            role,
            kind: SectionKind::Leaf,
            entity: Entity::default(),
            envelope: None,
            header: offset..offset,
            body: offset..offset,
            lines: 0,
            children: 0,
            finished: None,
            boundary: None,
            line_ends_before: 0,
        }
    }
}

impl Scanner {
    /// A scanner at the first byte of a message.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            offset: 0,
            line_ends: 0,
            state: State::Header,
            block: Vec::new(),
            line_start: 0,
            parts_header_left: limits.header_bytes,
            held: Vec::new(),
            held_end: 0,
            nodes: vec![Node::new(None, Role::Root, 0)],
            open: vec![0],
            waiting: 0,
            frozen: false,
            limit_hit: None,
            leaf: None,
            scratch: Vec::new(),
            finder: memmem::Finder::new(b"\n--"),
            header: Vec::new(),
        }
    }

    /// Takes the next bytes, however many.
    pub fn feed(&mut self, mut input: &[u8]) {
        while !input.is_empty() {
            let taken = match self.state {
                State::Header => self.in_header(input),
                State::LineStart => self.at_line_start(input),
                State::Inside => self.inside(input),
            };
            input = &input[taken..];
        }
    }

    /// Ends the message.
    pub fn finish(mut self) -> Scan {
        if self.state == State::Header {
            self.last_header_line();
        }
        if self.state == State::LineStart {
            let line = self.held.split_off(self.held_end);
            if let Some(delimiter) = self.delimiter(&line) {
                self.take_delimiter(delimiter, &line);
            } else {
                self.held.extend_from_slice(&line);
                self.release();
            }
        }
        if self.state == State::Header {
            self.end_header(Follow::Nothing);
        }
        self.close_to(0);
        outcome::build(self)
    }

    // Header blocks

    fn in_header(&mut self, input: &[u8]) -> usize {
        let lf = memchr(b'\n', input);
        let taken = lf.map_or(input.len(), |lf| lf + 1);
        let budget = if self.nodes.len() == 1 { self.limits.header_bytes } else { self.parts_header_left };
        if taken > budget.saturating_sub(self.block.len()) {
            self.hit(LimitHit::Header);
            self.frozen = true;
            // The line that does not fit, as far as it is here, is the beginning of the body.
            let line = self.block.split_off(self.line_start);
            self.offset -= line.len() as u64;
            self.end_header(Follow::Nothing);
            self.feed(&line);
            return 0;
        }
        self.block.extend_from_slice(&input[..taken]);
        self.place(&input[..taken]);
        if lf.is_none() {
            return taken;
        }
        let line = &self.block[self.line_start..];
        if matches!(line, b"\r\n" | b"\n") {
            self.end_header(Follow::Structure);
        } else if line.starts_with(b"--")
            && let Some(delimiter) = self.delimiter(line)
        {
            self.header_ends_at(delimiter);
        } else {
            self.line_start = self.block.len();
        }
        taken
    }

    /// At the end of the message, the unfinished line of a header block may be a delimiter.
    fn last_header_line(&mut self) {
        if let Some(delimiter) = self.delimiter(&self.block[self.line_start..]) {
            self.header_ends_at(delimiter);
        }
    }

    /// A header block without an empty line, ended by a delimiter, the last line of the block.
    fn header_ends_at(&mut self, delimiter: Delimiter) {
        let line = self.block.split_off(self.line_start);
        self.offset -= line.len() as u64;
        self.line_ends -= memchr_iter(b'\n', &line).count() as u64;
        self.end_header(Follow::Nothing);
        self.take_delimiter(delimiter, &line);
    }

    /// The block is complete: what it says decides how the body is read.
    fn end_header(&mut self, follow: Follow) {
        let index = self.top();
        let block = std::mem::take(&mut self.block);
        self.line_start = 0;
        let (parent, role) = (self.nodes[index].parent, self.nodes[index].role);
        let in_digest = parent.is_some_and(|p| self.nodes[p].entity.media_type == "multipart/digest");
        let default_type =
            if in_digest && matches!(role, Role::Part(_)) { "message/rfc822" } else { "text/plain" };
        let entity = Entity::parse(&block, default_type);
        if entity.overflow() {
            self.hit(LimitHit::Values);
        }
        let node = &mut self.nodes[index];
        node.header.end = self.offset;
        node.body = self.offset..self.offset;
        node.line_ends_before = self.line_ends;
        if !matches!(role, Role::Part(_)) {
            node.envelope = Some(EnvelopeFields::parse(&block));
        }
        node.entity = entity;
        if index == 0 {
            self.header = block;
        } else {
            self.parts_header_left = self.parts_header_left.saturating_sub(block.len());
        }
        self.held.clear();
        self.held_end = 0;
        self.state = State::LineStart;
        if follow == Follow::Structure && !self.frozen {
            self.follow_into(index);
        }
        if self.state != State::Header {
            let entity = &self.nodes[index].entity;
            let kind = Kind {
                encoding: entity.body_encoding(),
                plain_text: entity.media_type == "text/plain",
                report: entity.media_type == "message/disposition-notification",
            };
            self.leaf = Some(ContentScan::new(kind, self.offset));
        }
    }

    /// Looks for parts, or begins a nested message.
    fn follow_into(&mut self, index: usize) {
        let entity = &self.nodes[index].entity;
        let boundary = if entity.is_multipart() { entity.boundary() } else { None };
        let nested = entity.is_message() && entity.encoding.is_identity();
        if boundary.is_none() && !nested {
            return;
        }
        if self.open.len() >= self.limits.depth {
            self.hit(LimitHit::Depth);
        } else if boundary.is_some() {
            // Until a delimiter comes the body is read as a leaf: there may be none.
            self.nodes[index].boundary = boundary;
            self.waiting += 1;
        } else if self.nodes.len() >= self.limits.parts {
            self.hit(LimitHit::Parts);
            self.frozen = true;
        } else {
            self.nodes[index].kind = SectionKind::Message;
            self.begin(index, Role::Embedded);
        }
    }

    // Bodies

    /// Nothing is held: finds the next line that begins with `--`.
    fn inside(&mut self, input: &[u8]) -> usize {
        if self.frozen || self.waiting == 0 {
            self.content(input);
            return input.len();
        }
        let (end, taken) = if let Some(lf) = self.finder.find(input) {
            (lf, lf + 3)
        } else {
            // The beginning of such a place may be the end of what is here.
            let back = match &input[input.len().saturating_sub(2)..] {
                [.., b'\n' | b'\r'] => 1,
                [b'\n', b'-'] => 2,
                _ => {
                    self.content(input);
                    return input.len();
                }
            };
            (input.len() - back, input.len())
        };
        let lf = input[end] == b'\n';
        let start = end - usize::from(lf && end > 0 && input[end - 1] == b'\r');
        self.content(&input[..start]);
        self.held.clear();
        self.held.extend_from_slice(&input[start..taken]);
        self.held_end = if lf { end + 1 - start } else { 0 };
        self.state = State::LineStart;
        taken
    }

    /// Decides about what is held.
    fn at_line_start(&mut self, input: &[u8]) -> usize {
        if self.frozen || self.waiting == 0 {
            self.release();
            return 0;
        }
        if self.held == b"\r" && self.held_end == 0 {
            if input[0] != b'\n' {
                self.release();
                return 0;
            }
            self.held.push(b'\n');
            self.held_end = 2;
            return 1;
        }
        let mut taken = 0;
        while self.held.len() - self.held_end < 2 {
            match input.get(taken) {
                None => return taken,
                Some(b'-') => self.held.push(b'-'),
                Some(_) => {
                    self.release();
                    return taken;
                }
            }
            taken += 1;
        }
        let rest = &input[taken..];
        let lf = memchr(b'\n', rest);
        let line = &rest[..lf.map_or(rest.len(), |lf| lf + 1)];
        if self.held.len() - self.held_end + line.len() > MAX_DELIMITER {
            self.release();
            return taken;
        }
        self.held.extend_from_slice(line);
        taken += line.len();
        if lf.is_none() {
            return taken;
        }
        if let Some(delimiter) = self.delimiter(&self.held[self.held_end..]) {
            let line = self.held.split_off(self.held_end);
            self.take_delimiter(delimiter, &line);
        } else {
            // Its own line end may belong to the next delimiter.
            let mut held = std::mem::take(&mut self.held);
            let end = line_end(&held);
            self.content(&held[..held.len() - end]);
            held.drain(..held.len() - end);
            self.held = held;
            self.held_end = end;
        }
        taken
    }

    /// What is held is content after all.
    fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.content(&held);
        self.held = held;
        self.held.clear();
        self.held_end = 0;
        self.state = State::Inside;
    }

    fn hold(&mut self, end: &[u8]) {
        self.held.clear();
        self.held.extend_from_slice(end);
        self.held_end = end.len();
        self.state = State::LineStart;
    }

    fn content(&mut self, bytes: &[u8]) {
        self.place(bytes);
        if let Some(leaf) = &mut self.leaf {
            leaf.push(bytes, &mut self.scratch);
        }
    }

    fn place(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.line_ends += memchr_iter(b'\n', bytes).count() as u64;
    }

    // Structure

    /// Which open multipart a line delimits; the innermost if several.
    fn delimiter(&self, line: &[u8]) -> Option<Delimiter> {
        if self.waiting == 0 || self.frozen || line.len() > MAX_DELIMITER {
            return None;
        }
        let text = line.trim_ascii_end().strip_prefix(b"--")?;
        self.open.iter().enumerate().rev().find_map(|(level, &index)| {
            let rest = text.strip_prefix(self.nodes[index].boundary.as_deref()?)?;
            let close = rest == b"--";
            (close || rest.is_empty()).then_some(Delimiter { level, close })
        })
    }

    /// `line` is a delimiter; it and what is in `held` are not placed yet.
    fn take_delimiter(&mut self, delimiter: Delimiter, line: &[u8]) {
        let index = self.open[delimiter.level];
        if !delimiter.close && self.nodes.len() >= self.limits.parts {
            self.hit(LimitHit::Parts);
            self.frozen = true;
            self.held.extend_from_slice(line);
            return self.release();
        }
        if delimiter.close && self.nodes[index].children == 0 {
            // A multipart without parts is content, its delimiter included.
            self.nodes[index].boundary = None;
            self.waiting -= 1;
            let (text, end) = line.split_at(line.len() - line_end(line));
            self.held.extend_from_slice(text);
            self.release();
            return self.hold(end);
        }
        self.close_to(delimiter.level + 1);
        self.leaf = None;
        let held = std::mem::take(&mut self.held);
        self.place(&held);
        self.held = held;
        if delimiter.close {
            self.nodes[index].boundary = None;
            self.waiting -= 1;
            let end = line_end(line);
            self.place(&line[..line.len() - end]);
            self.hold(&line[line.len() - end..]);
        } else {
            self.place(line);
            self.nodes[index].kind = SectionKind::Multipart;
            self.nodes[index].children += 1;
            let number = self.nodes[index].children;
            self.begin(index, Role::Part(number));
        }
    }

    fn begin(&mut self, parent: usize, role: Role) {
        self.open.push(self.nodes.len());
        self.nodes.push(Node::new(Some(parent), role, self.offset));
        self.held.clear();
        self.held_end = 0;
        self.state = State::Header;
    }

    /// Ends the open sections from `level` on; they end where the placed bytes end.
    fn close_to(&mut self, level: usize) {
        while self.open.len() > level {
            let Some(index) = self.open.pop() else { return };
            let node = &mut self.nodes[index];
            node.body.end = self.offset;
            // RFC 9051 §7.5.2: lines by their ends, as every server counts them; the last end of a part is the boundary's.
            node.lines = self.line_ends - node.line_ends_before;
            if node.boundary.take().is_some() {
                self.waiting -= 1;
            }
            // Only the innermost can be a leaf that is being read.
            if let Some(leaf) = self.leaf.take()
                && node.kind == SectionKind::Leaf
            {
                node.finished = Some(leaf.finish(&mut self.scratch));
            }
        }
    }

    fn top(&self) -> usize {
        self.open.last().copied().unwrap_or_default()
    }

    fn hit(&mut self, limit: LimitHit) {
        self.limit_hit.get_or_insert(limit);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follow {
    /// Parts and nested messages.
    Structure,
    /// The body is empty or opaque.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Delimiter {
    /// Index into the open sections.
    level: usize,
    close: bool,
}

/// The length of the line end of a line.
fn line_end(line: &[u8]) -> usize {
    match line {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    }
}

impl std::fmt::Debug for Scanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scanner").field("offset", &self.offset).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::{SectionPart, SectionSpec};

    fn scan(message: &str) -> Scan {
        let mut scanner = Scanner::new(Limits::default());
        scanner.feed(message.as_bytes());
        scanner.finish()
    }

    fn body<'a>(message: &'a str, scan: &Scan, path: &[u32]) -> &'a str {
        let range = scan.facts.view().locate(SectionSpec::new(path, SectionPart::Whole)).unwrap();
        &message[range.start as usize..range.end as usize]
    }

    #[test]
    fn a_plain_message() {
        let message = "Subject: a\r\n\r\nbody\r\n";
        let scan = scan(message);
        assert_eq!(body(message, &scan, &[1]), "body\r\n");
        assert_eq!(
            scan.facts.bodystructure,
            br#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL)"#
        );
    }

    #[test]
    fn two_parts() {
        let message = "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n--b\r\n\r\none\r\n\
            --b \r\nContent-Type: text/html\r\n\r\ntwo\r\n\r\n--b--\r\nepilogue\r\n";
        let scan = scan(message);
        assert_eq!(body(message, &scan, &[1]), "one");
        assert_eq!(body(message, &scan, &[2]), "two\r\n");
        assert_eq!(scan.facts.sections.len(), 3);
    }
}
