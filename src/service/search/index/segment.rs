//! A run of messages as blocks of bytes.
//!
//! Parts: the messages (one block); then twice, for words that stand in a text, a subject or an address,
//! and for words of other header fields alone (which are many, and asked for by TEXT alone): blocks of
//! words, and one stream of lists cut into blocks.
//!
//! A block of words: how many bytes of words, how many words, where in the stream their lists begin; the
//! words, sorted, a [`GAP`] before the first and behind each; of each word the length of its list, and the
//! list itself where it is short. A list: ascending, of each message how many lie between, and its class
//! where that is another than before. Numbers are LEB128.

use super::class;
use super::terms::{Tail, Tails, Term};
use super::words::{GAP, Words};

/// Bytes of words in a block.
const WORDS_BLOCK: usize = 64 * 1024;
/// Bytes of lists in a block.
pub(in crate::service::search) const LISTS_BLOCK: usize = 64 * 1024;
/// A list up to so long stands beside its word.
const SHORT: usize = 6;
const HEAD: usize = 16;

/// Parts of a segment, as they are numbered in the database.
pub(in crate::service::search) const PARTS: usize = 5;
pub(in crate::service::search) const DOCS: usize = 0;

/// The two halves of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service::search) enum Half {
    /// Words that a text, a subject or an address holds.
    Content,
    /// Words that other header fields hold and nothing else.
    Header,
}

impl Half {
    pub fn of(class: u8) -> Self {
        if class & !class::HEAD == 0 { Self::Header } else { Self::Content }
    }

    pub fn words(self) -> usize {
        match self {
            Self::Content => 1,
            Self::Header => 3,
        }
    }

    pub fn lists(self) -> usize {
        self.words() + 1
    }
}

/// A message of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service::search) struct Doc {
    pub uid: u32,
    /// Its words are not here: it must be read.
    pub open: bool,
}

/// A segment's content is not what this program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a search index that cannot be read")]
pub(in crate::service::search) struct Malformed;

/// A whole segment: the blocks of each part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::service::search) struct Segment {
    pub parts: [Vec<Vec<u8>>; PARTS],
}

impl Segment {
    pub fn bytes(&self) -> usize {
        self.parts.iter().flatten().map(Vec::len).sum()
    }
}

pub(super) fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

pub(super) fn take(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Malformed)?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(n);
        }
    }
    Err(Malformed)
}

/// A list being written.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    bytes: Vec<u8>,
    next: u32,
    class: u8,
    /// All classes together.
    any: u8,
}

impl List {
    /// Numbers must ascend.
    pub fn push(&mut self, doc: u32, class: u8) {
        let between = u64::from(doc - self.next) << 1;
        if class == self.class {
            put(&mut self.bytes, between);
        } else {
            put(&mut self.bytes, between | 1);
            self.bytes.push(class);
            self.class = class;
            self.any |= class;
        }
        self.next = doc + 1;
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes over a list of messages that all have higher numbers now; there were fewer than `docs`.
    pub fn shift(&mut self, list: &[u8], by: u32, docs: u32) -> Result<(), Malformed> {
        let mut inside = true;
        read_list(list, |doc, _| inside &= doc < docs)?;
        let mut rest = list;
        let head = take(&mut rest)?;
        put(&mut self.bytes, head + (u64::from(by) << 1));
        self.bytes.extend_from_slice(rest);
        if inside { Ok(()) } else { Err(Malformed) }
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        (self.next, self.class, self.any) = (0, 0, 0);
    }
}

/// Reads a list: message and class, ascending.
pub(super) fn read_list(mut list: &[u8], mut each: impl FnMut(u32, u8)) -> Result<(), Malformed> {
    let (mut next, mut class) = (0u64, 0);
    while !list.is_empty() {
        let head = take(&mut list)?;
        if head & 1 == 1 {
            let (&new, rest) = list.split_first().ok_or(Malformed)?;
            (class, list) = (new, rest);
        }
        let doc = next.checked_add(head >> 1).ok_or(Malformed)?;
        each(u32::try_from(doc).map_err(|_| Malformed)?, class);
        next = doc + 1;
    }
    Ok(())
}

/// Writes the messages of a segment.
pub(super) fn write_docs(docs: &[Doc]) -> Vec<u8> {
    let mut out = Vec::with_capacity(docs.len() * 2);
    let mut last = 0;
    for doc in docs {
        put(&mut out, u64::from(doc.uid - last) << 1 | u64::from(doc.open));
        last = doc.uid;
    }
    out
}

/// Reads them.
pub(in crate::service::search) fn read_docs(mut block: &[u8]) -> Result<Vec<Doc>, Malformed> {
    let mut docs = Vec::new();
    let mut last = 0u64;
    while !block.is_empty() {
        let head = take(&mut block)?;
        last = last.checked_add(head >> 1).ok_or(Malformed)?;
        let uid = u32::try_from(last).map_err(|_| Malformed)?;
        docs.push(Doc { uid, open: head & 1 == 1 });
    }
    Ok(docs)
}

/// Writes one half, word by word in order.
#[derive(Default)]
struct HalfWriter {
    words: Vec<Vec<u8>>,
    text: Vec<u8>,
    about: Vec<u8>,
    count: u32,
    /// Where the lists of the block begin.
    base: u64,
    lists: Vec<Vec<u8>>,
    stream: u64,
}

impl HalfWriter {
    fn add(&mut self, word: &[u8], list: &[u8]) {
        if self.count == 0 {
            self.text.push(GAP);
            self.base = self.stream;
        }
        self.text.extend_from_slice(word);
        self.text.push(GAP);
        self.count += 1;
        let short = list.len() <= SHORT;
        put(&mut self.about, (list.len() as u64) << 1 | u64::from(short));
        if short {
            self.about.extend_from_slice(list);
        } else {
            let mut rest = list;
            while !rest.is_empty() {
                let room = LISTS_BLOCK - (self.stream as usize % LISTS_BLOCK);
                if room == LISTS_BLOCK {
                    self.lists.push(Vec::with_capacity(LISTS_BLOCK));
                }
                let (now, later) = rest.split_at(room.min(rest.len()));
                if let Some(block) = self.lists.last_mut() {
                    block.extend_from_slice(now);
                }
                self.stream += now.len() as u64;
                rest = later;
            }
        }
        if self.text.len() >= WORDS_BLOCK {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        if self.count == 0 {
            return;
        }
        let mut block = Vec::with_capacity(HEAD + self.text.len() + self.about.len());
        block.extend_from_slice(&(self.text.len() as u32).to_le_bytes());
        block.extend_from_slice(&self.count.to_le_bytes());
        block.extend_from_slice(&self.base.to_le_bytes());
        block.append(&mut self.text);
        block.append(&mut self.about);
        self.count = 0;
        self.words.push(block);
    }
}

/// Writes a segment, word by word in order.
#[derive(Default)]
pub(super) struct Writer {
    content: HalfWriter,
    header: HalfWriter,
}

impl Writer {
    pub fn add(&mut self, word: &[u8], list: &List) {
        self.add_to(Half::of(list.any), word, list);
    }

    /// A word of which the half is known.
    pub fn add_to(&mut self, half: Half, word: &[u8], list: &List) {
        match half {
            Half::Content => self.content.add(word, &list.bytes),
            Half::Header => self.header.add(word, &list.bytes),
        }
    }

    pub fn finish(mut self, docs: &[Doc]) -> Segment {
        self.content.end_block();
        self.header.end_block();
        let HalfWriter { words: content, lists: content_lists, .. } = self.content;
        let HalfWriter { words: header, lists: header_lists, .. } = self.header;
        Segment { parts: [vec![write_docs(docs)], content, content_lists, header, header_lists] }
    }
}

/// Where a word's list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'b> {
    Here(&'b [u8]),
    /// In the stream.
    At {
        start: u64,
        len: u64,
    },
}

/// A block of words.
#[derive(Clone, Copy)]
pub(super) struct WordsBlock<'b> {
    pub text: &'b [u8],
    pub count: usize,
    base: u64,
    about: &'b [u8],
}

impl<'b> WordsBlock<'b> {
    pub fn parse(block: &'b [u8]) -> Result<Self, Malformed> {
        let (head, rest) = block.split_at_checked(HEAD).ok_or(Malformed)?;
        let four = |at: usize| head[at..].first_chunk::<4>().copied().ok_or(Malformed);
        let len = u32::from_le_bytes(four(0)?) as usize;
        let count = u32::from_le_bytes(four(4)?) as usize;
        let base = u64::from_le_bytes(*head[8..].first_chunk().ok_or(Malformed)?);
        let (text, about) = rest.split_at_checked(len).ok_or(Malformed)?;
        Ok(Self { text, count, base, about })
    }

    /// Of each word, where its list is.
    pub fn places(&self) -> Places<'b> {
        Places { about: self.about, start: self.base }
    }

    /// The same, of all words.
    pub fn all_places(&self) -> Result<Vec<Place<'b>>, Malformed> {
        let mut places = self.places();
        // Each word has at least one byte.
        if self.count > self.about.len() {
            return Err(Malformed);
        }
        (0..self.count).map(|_| places.take()).collect()
    }
}

/// Where the lists of a block's words are, one word after the other.
#[derive(Clone, Copy, Default)]
pub(super) struct Places<'b> {
    about: &'b [u8],
    start: u64,
}

impl<'b> Places<'b> {
    /// Of the next word.
    pub fn take(&mut self) -> Result<Place<'b>, Malformed> {
        let head = take(&mut self.about)?;
        let len = head >> 1;
        if head & 1 == 1 {
            let (list, rest) = self.about.split_at_checked(len as usize).ok_or(Malformed)?;
            self.about = rest;
            return Ok(Place::Here(list));
        }
        let start = self.start;
        self.start = start.checked_add(len).ok_or(Malformed)?;
        Ok(Place::At { start, len })
    }
}

/// A word of a message.
#[derive(Clone, Copy)]
struct Entry {
    head: u64,
    /// The message's number and, in the last eight bits, its class.
    place: u32,
    tail: Tail,
}

impl Entry {
    fn term(self) -> Term {
        Term { head: self.head, tail: self.tail }
    }

    /// Words of up to eight bytes stand in order by it, and each word's messages.
    fn key(&self) -> u128 {
        u128::from(self.head) << 64 | u128::from(self.place)
    }
}

/// A segment being made from messages.
#[derive(Default)]
pub(in crate::service::search) struct Builder {
    docs: Vec<Doc>,
    entries: Vec<Entry>,
    tails: Tails,
}

impl Builder {
    /// Adds the next message, by UID; a segment has fewer than 2^24.
    pub fn add(&mut self, uid: u32, words: &Words) {
        let number = self.docs.len() as u32;
        self.docs.push(Doc { uid, open: words.over() });
        if words.over() {
            return;
        }
        let (tails, found) = words.found();
        let behind = self.tails.append(tails);
        self.entries.extend(found.map(|(term, class)| {
            let Term { head, tail } = term.behind(behind);
            Entry { head, place: number << 8 | u32::from(class), tail }
        }));
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.entries.len() * size_of::<Entry>() + self.tails.bytes()
    }

    /// Forgets all messages, but keeps the memory.
    pub fn clear(&mut self) {
        self.docs.clear();
        self.entries.clear();
        self.tails.clear();
    }

    /// The segment; the next begins.
    pub fn finish(&mut self) -> Segment {
        let tails = &self.tails;
        self.entries.sort_unstable_by_key(Entry::key);
        let mut writer = Writer::default();
        let (mut word, mut list) = (Vec::new(), List::default());
        for begin in self.entries.chunk_by_mut(|a, b| a.head == b.head) {
            // Longer words that begin alike are not in order yet.
            if begin.iter().any(|entry| entry.term().is_long()) {
                begin.sort_unstable_by(|a, b| {
                    tails.compare(a.term(), b.term()).then_with(|| a.place.cmp(&b.place))
                });
            }
            for same in begin.chunk_by(|a, b| tails.compare(a.term(), b.term()).is_eq()) {
                list.clear();
                for entry in same {
                    list.push(entry.place >> 8, entry.place as u8);
                }
                tails.word(same[0].term(), &mut word);
                writer.add(&word, &list);
            }
        }
        let segment = writer.finish(&self.docs);
        self.clear();
        segment
    }
}
