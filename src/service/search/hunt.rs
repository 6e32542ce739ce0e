//! One message's body, searched piece by piece.
//!
//! Pure: says which bytes it wants next and is fed them; it stops asking as soon as the search is
//! decided. Held are one piece, decoded, and as much of the last as the longest text needs to be
//! found across the seam. BODY looks into every text part, attached or not; TEXT into the header
//! fields of parts and embedded messages as well (RFC 9051 §6.4.4).

use std::ops::Range;

use super::fold::Window;
use super::header;
use super::plan::{Known, Leaf, Plan};
use crate::mime::{FactsRef, SectionKind, SectionRef, TextDecoder, TransferDecoder, TransferEncoding};
use crate::service::mailbox::Row;

/// Bytes asked for at a time, and where pieces are cut.
const PIECE: u64 = 128 * 1024;
/// Longest header block of a part that is looked into.
const HEADER: u64 = 256 * 1024;

pub(super) struct Hunt<'p> {
    plan: &'p Plan,
    row: Row,
    recent: bool,
    known: Known,
    walk: Walk,
    window: Window,
}

/// Whether a part's content is text.
fn is_text(section: &SectionRef<'_>) -> bool {
    section.is_text() || (section.kind == SectionKind::Leaf && section.media_type.starts_with("message/"))
}

/// What of the top header block is left out: it was examined with the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// Text parts alone.
    Text,
    /// The header blocks of parts and embedded messages too.
    TextAndHeaders,
}

/// A message's text parts, and header blocks of parts, one behind the other.
#[derive(Default)]
pub(super) struct Walk {
    /// What is left to read, the next at the end.
    places: Vec<Place>,
    reading: Option<Reading>,
    decoded: Vec<u8>,
    text: String,
}

enum Place {
    Header(Range<u64>),
    Text { range: Range<u64>, encoding: TransferEncoding, charset: Option<String> },
}

struct Reading {
    left: Range<u64>,
    /// `None`: a header block, read as a whole.
    decoders: Option<(TransferDecoder, TextDecoder)>,
}

/// What was read.
pub(super) enum Piece<'w> {
    /// A header block, folded.
    Header(Vec<u8>),
    /// The next piece of a text, and whether the text is over.
    Text(&'w str, bool),
}

impl Walk {
    pub fn new(facts: &FactsRef<'_>, which: Places) -> Self {
        let mut places = Vec::new();
        for section in facts.sections() {
            // The top header block was examined already.
            if which == Places::TextAndHeaders && section.index > 0 && !section.header.is_empty() {
                let Range { start, end } = section.header;
                places.push(Place::Header(start..end.min(start + HEADER)));
            }
            if is_text(&section) && !section.body.is_empty() {
                places.push(Place::Text {
                    range: section.body,
                    encoding: section.encoding,
                    charset: section.charset.map(str::to_owned),
                });
            }
        }
        places.reverse();
        Self { places, ..Self::default() }
    }

    /// The bytes it wants to be fed next; `None`: there is no more.
    pub fn wants(&mut self) -> Option<Range<u64>> {
        if self.reading.is_none() {
            self.reading = Some(match self.places.pop()? {
                Place::Header(range) => Reading { left: range, decoders: None },
                Place::Text { range, encoding, charset } => Reading {
                    left: range,
                    decoders: Some((TransferDecoder::new(encoding), TextDecoder::new(charset.as_deref()))),
                },
            });
        }
        let reading = self.reading.as_ref()?;
        let Range { start, end } = reading.left;
        let stop = match reading.decoders {
            None => end,
            Some(_) => end.min((start / PIECE + 1) * PIECE),
        };
        Some(start..stop)
    }

    /// Takes the bytes it asked for, or the first of them (of a header block all); none: there are no
    /// more.
    pub fn feed(&mut self, bytes: &[u8]) -> Option<Piece<'_>> {
        let reading = self.reading.as_mut()?;
        reading.left.start += bytes.len() as u64;
        let Some((transfer, charset)) = &mut reading.decoders else {
            self.reading = None;
            return Some(Piece::Header(header::text(bytes)));
        };
        self.decoded.clear();
        self.text.clear();
        transfer.push(bytes, &mut self.decoded);
        let over = reading.left.is_empty() || bytes.is_empty();
        if over {
            transfer.finish(&mut self.decoded);
        }
        charset.push(&self.decoded, &mut self.text);
        if over {
            charset.finish(&mut self.text);
            self.reading = None;
        }
        Some(Piece::Text(&self.text, over))
    }
}

impl<'p> Hunt<'p> {
    /// For a message whose header was examined.
    pub fn new(plan: &'p Plan, row: Row, recent: bool, known: Known, facts: &FactsRef<'_>) -> Self {
        let open = |is: fn(&Leaf) -> bool| {
            plan.leaves().iter().zip(&known).any(|(leaf, known)| known.is_none() && is(leaf))
        };
        let walk = if !open(|leaf| leaf.body_needle().is_some()) {
            Walk::default()
        } else if open(|leaf| matches!(leaf, Leaf::Text(_))) {
            Walk::new(facts, Places::TextAndHeaders)
        } else {
            Walk::new(facts, Places::Text)
        };
        Self { plan, row, recent, known, walk, window: Window::default() }
    }

    /// The bytes it wants to be fed next; `None`: it is decided.
    pub fn wants(&mut self) -> Option<Range<u64>> {
        if self.plan.verdict(&self.row, self.recent, &self.known).is_some() {
            return None;
        }
        self.walk.wants()
    }

    /// Takes the bytes it asked for, or the first of them (of a header block all); none: there are no
    /// more.
    pub fn feed(&mut self, bytes: &[u8]) {
        match self.walk.feed(bytes) {
            Some(Piece::Header(folded)) => {
                for (leaf, known) in self.plan.leaves().iter().zip(&mut self.known) {
                    if known.is_none()
                        && let Leaf::Text(needle) = leaf
                        && needle.within(&folded)
                    {
                        *known = Some(true);
                    }
                }
            }
            Some(Piece::Text(text, over)) => {
                self.window.push(text, self.plan.longest());
                for (leaf, known) in self.plan.leaves().iter().zip(&mut self.known) {
                    if known.is_none()
                        && leaf.body_needle().is_some_and(|needle| needle.within(self.window.folded()))
                    {
                        *known = Some(true);
                    }
                }
                if over {
                    self.window.clear();
                }
            }
            None => {}
        }
    }

    /// Whether the message matches: what was not found is not there.
    pub fn matches(mut self) -> bool {
        for known in &mut self.known {
            known.get_or_insert(false);
        }
        self.plan.verdict(&self.row, self.recent, &self.known).unwrap_or(false)
    }
}
