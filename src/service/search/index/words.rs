//! The words of one message, and how a text to look for is put as a question to words.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use unicode_normalization::char::is_combining_mark;

use super::terms::{Tails, Term, head};
use crate::service::search::fold::fold;

/// Bytes of different words beyond which a message is not indexed but always read.
const WORDS_MAX: usize = 2 * 1024 * 1024;
/// Longest run of letters and digits, in bytes; as above.
const WORD_MAX: usize = 64 * 1024;
/// Words of a message that there is room for at first.
const KNOWN: usize = 2048;
/// Fewer ASCII characters than this, one behind the other, are taken one by one.
const STRETCH: usize = 16;
/// How many characters before and behind a sign are written down with it.
const NEAR: usize = 2;
/// Stands before signs, pairs and what is near a sign, so that they are no words.
pub(super) const SIGN: u8 = 1;
/// Stands between words.
pub(super) const GAP: u8 = 0;

/// Whether a folded character belongs to a run. Marks do: they belong to the letter before.
fn in_run(c: char) -> bool {
    // The first are what folding mostly leaves: marks of Latin letters.
    matches!(c, '\u{300}'..='\u{36f}') || c.is_alphanumeric() || is_combining_mark(c)
}

/// Whether an ASCII character does.
fn ascii_in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// A word of the message, and where it stands.
#[derive(Clone, Copy)]
struct Found {
    term: Term,
    class: u8,
}

/// What stands in one message, and where (bits of [`super::class`]).
pub(in crate::service::search) struct Words {
    found: Vec<Found>,
    tails: Tails,
    /// Numbers of what was found, by its hash.
    known: HashTable<u32>,
    hasher: RandomState,
    /// Of two ASCII characters, where they were seen: spares looking them up again and again.
    pairs: Box<[u8; 128 * 128]>,
    bytes: usize,
    over: bool,
    folded: Vec<u8>,
    near: String,
}

impl Words {
    pub fn new() -> Self {
        Self {
            found: Vec::new(),
            tails: Tails::default(),
            known: HashTable::with_capacity(KNOWN),
            hasher: RandomState::default(),
            pairs: Box::new([0; 128 * 128]),
            bytes: 0,
            over: false,
            folded: Vec::new(),
            near: String::new(),
        }
    }

    /// Another message begins.
    pub fn clear(&mut self) {
        // What a large message took is not emptied for each small one.
        if self.known.capacity() > 8 * KNOWN {
            (self.known, self.found, self.tails) =
                (HashTable::with_capacity(KNOWN), Vec::new(), Tails::default());
        }
        self.known.clear();
        self.found.clear();
        self.tails.clear();
        self.pairs.fill(0);
        self.bytes = 0;
        self.over = false;
    }

    /// Whether there were too many to index.
    pub fn over(&self) -> bool {
        self.over
    }

    /// They cannot be had: as if there were too many.
    pub fn give_up(&mut self) {
        self.over = true;
    }

    /// All of them, in no order, with what they have beyond their first bytes.
    pub(super) fn found(&self) -> (&Tails, impl ExactSizeIterator<Item = (Term, u8)>) {
        (&self.tails, self.found.iter().map(|found| (found.term, found.class)))
    }

    /// Another text begins, in places of this class.
    pub fn begin(&mut self, class: u8) -> Text<'_> {
        Text { words: self, class, run: Vec::new(), last: None, near: [None; 2 * NEAR + 1] }
    }

    fn note(&mut self, word: &[u8], class: u8) {
        let head = head(word);
        self.note_term(head, word.get(8..).unwrap_or_default(), word.len(), class, |tails| tails.add(word));
    }

    /// A word of at most eight bytes.
    fn note_short(&mut self, head: u64, len: usize, class: u8) {
        self.note_term(head, &[], len, class, |_| Term::short(head));
    }

    fn note_term(
        &mut self,
        head: u64,
        tail: &[u8],
        len: usize,
        class: u8,
        add: impl FnOnce(&mut Tails) -> Term,
    ) {
        let (found, tails, hasher) = (&mut self.found, &mut self.tails, &self.hasher);
        let hash = |head: u64, tail: &[u8]| {
            if tail.is_empty() { hasher.hash_one(head) } else { hasher.hash_one((head, tail)) }
        };
        let hash_here = hash(head, tail);
        let same = |n: &u32| {
            let term = found[*n as usize].term;
            term.head == head
                && term.is_long() != tail.is_empty()
                && (tail.is_empty() || tails.of(term) == tail)
        };
        if let Some(n) = self.known.find(hash_here, same) {
            found[*n as usize].class |= class;
        } else if self.bytes + len > WORDS_MAX {
            self.over = true;
        } else {
            self.bytes += len;
            let n = found.len() as u32;
            found.push(Found { term: add(tails), class });
            self.known.insert_unique(hash_here, n, |n| {
                let term = found[*n as usize].term;
                hash(term.head, tails.of(term))
            });
        }
    }

    /// One or two characters that are not both within a run.
    fn note_sign(&mut self, before: Option<char>, c: char, class: u8) {
        if let (Some(a), true) = (before.filter(char::is_ascii), c.is_ascii()) {
            self.note_pair(a as u8, c as u8, class);
        } else if let (None, true) = (before, c.is_ascii()) {
            self.note_single(c as u8, class);
        } else if let Some(word) = sign(before, c) {
            self.note(word.as_bytes(), class);
        }
    }

    /// Two ASCII characters.
    fn note_pair(&mut self, before: u8, byte: u8, class: u8) {
        if before > SIGN && byte > SIGN && self.is_new(before, byte, class) {
            self.note_short(u64::from_be_bytes([SIGN, before, byte, 0, 0, 0, 0, 0]), 3, class);
        }
    }

    /// An ASCII sign.
    fn note_single(&mut self, byte: u8, class: u8) {
        // No pair begins with 0.
        if byte > SIGN && self.is_new(0, byte, class) {
            self.note_short(u64::from_be_bytes([SIGN, byte, 0, 0, 0, 0, 0, 0]), 2, class);
        }
    }

    fn is_new(&mut self, before: u8, byte: u8, class: u8) -> bool {
        let seen = &mut self.pairs[usize::from(before) * 128 + usize::from(byte)];
        let new = *seen & class != class;
        *seen |= class;
        new
    }
}

/// Whether a character can be written down: it is none of those that stand between words.
fn fine(c: char) -> bool {
    u32::from(c) > u32::from(SIGN)
}

/// A sign and what is near it, as far as it can be written down; from there, and up to there.
fn around(at: usize, of: impl Fn(usize) -> Option<char>) -> Option<std::ops::Range<usize>> {
    of(at).filter(|c| !in_run(*c) && fine(*c))?;
    let written = |n: &usize| of(*n).is_some_and(fine);
    let start = (at.saturating_sub(NEAR)..at).rev().take_while(written).last().unwrap_or(at);
    let end = (at + 1..=at + NEAR).take_while(written).last().unwrap_or(at);
    Some(start..end + 1)
}

/// How signs are written down; `None`: they are not.
fn sign(before: Option<char>, c: char) -> Option<String> {
    if !fine(c) || before.is_some_and(|c| !fine(c)) {
        return None;
    }
    let mut word = String::from(char::from(SIGN));
    word.extend(before);
    word.push(c);
    Some(word)
}

/// A text that goes by in pieces.
pub(in crate::service::search) struct Text<'w> {
    words: &'w mut Words,
    class: u8,
    run: Vec<u8>,
    last: Option<char>,
    /// The last characters; the one in the middle is noted when it is a sign.
    near: [Option<char>; 2 * NEAR + 1],
}

impl Text<'_> {
    /// Adds a piece, whole characters.
    pub fn push(&mut self, text: &str) {
        let mut folded = std::mem::take(&mut self.words.folded);
        folded.clear();
        fold(text, &mut folded);
        self.push_folded(&folded);
        self.words.folded = folded;
    }

    /// Adds a piece that is folded already.
    pub fn push_folded(&mut self, folded: &[u8]) {
        if self.words.over {
            return;
        }
        let Ok(text) = std::str::from_utf8(folded) else {
            self.words.over = true;
            return;
        };
        let mut rest = text;
        while !rest.is_empty() {
            let ascii = if rest.is_ascii() { None } else { rest.bytes().position(|b| !b.is_ascii()) };
            let (stretch, others) = rest.split_at(ascii.unwrap_or(rest.len()));
            if stretch.len() < STRETCH {
                stretch.chars().for_each(|c| self.push_char(c));
            } else {
                self.push_ascii(stretch.as_bytes());
            }
            let (others, behind) =
                others.split_at(others.bytes().position(|b| b.is_ascii()).unwrap_or(others.len()));
            others.chars().for_each(|c| self.push_char(c));
            rest = behind;
            if self.words.over {
                return;
            }
        }
    }

    fn push_char(&mut self, c: char) {
        let run = in_run(c);
        if !run {
            self.end_run();
            self.words.note_sign(None, c, self.class);
        }
        if let Some(last) = self.last
            && !(run && in_run(last))
        {
            self.words.note_sign(Some(last), c, self.class);
        }
        self.last = Some(c);
        self.pass(Some(c));
        if run {
            self.extend_run(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// At least [`STRETCH`] of ASCII: what [`push_char`](Self::push_char) does, but with everything near a sign in sight.
    fn push_ascii(&mut self, text: &[u8]) {
        let (begin, len) = (2 * NEAR, text.len());
        // The last of these sees behind the first, and what is near each sign before the middle.
        text[..begin].iter().for_each(|byte| self.push_char(char::from(*byte)));
        for at in (NEAR..begin).filter(|at| !ascii_in_run(text[*at])) {
            self.note_near(text, at);
        }
        let mut at = begin;
        while at < len {
            let byte = text[at];
            if !ascii_in_run(byte) {
                self.end_run();
                self.words.note_single(byte, self.class);
                self.words.note_pair(text[at - 1], byte, self.class);
                if at + NEAR < len {
                    self.note_near(text, at);
                }
                at += 1;
                continue;
            }
            if !ascii_in_run(text[at - 1]) {
                self.words.note_pair(text[at - 1], byte, self.class);
            }
            let run = text[at..].iter().position(|b| !ascii_in_run(*b));
            let end = run.map_or(len, |run| at + run);
            if self.run.is_empty() && end < len && end - at <= WORD_MAX {
                self.words.note(&text[at..end], self.class);
            } else {
                self.extend_run(&text[at..end]);
            }
            at = end;
        }
        self.last = text.last().map(|byte| char::from(*byte));
        for (near, byte) in self.near.iter_mut().zip(&text[len - (2 * NEAR + 1)..]) {
            *near = Some(char::from(*byte));
        }
    }

    /// A sign in ASCII, with two characters on either side.
    fn note_near(&mut self, text: &[u8], at: usize) {
        let near = &text[at - NEAR..=at + NEAR];
        if let [a, b, c, d, e] = *near
            && near.iter().all(|byte| *byte > SIGN)
        {
            let head = u64::from_be_bytes([SIGN, a, b, c, d, e, GAP, GAP]);
            self.words.note_short(head, near.len() + 1, self.class);
        } else if let Some(range) = around(NEAR, |n| near.get(n).map(|byte| char::from(*byte))) {
            self.words.note(&[&[SIGN], &near[range]].concat(), self.class);
        }
    }

    fn extend_run(&mut self, bytes: &[u8]) {
        self.run.extend_from_slice(bytes);
        if self.run.len() > WORD_MAX {
            self.words.over = true;
        }
    }

    /// Whether there are too many words: what comes is in vain.
    pub fn over(&self) -> bool {
        self.words.over
    }

    /// Another character goes by, or the end.
    fn pass(&mut self, c: Option<char>) {
        self.near.rotate_left(1);
        self.near[2 * NEAR] = c;
        let Some(range) = around(NEAR, |n| self.near.get(n).copied().flatten()) else { return };
        let mut word = std::mem::take(&mut self.words.near);
        word.clear();
        word.push(char::from(SIGN));
        word.extend(self.near[range].iter().flatten());
        self.words.note(word.as_bytes(), self.class);
        self.words.near = word;
    }

    fn end_run(&mut self) {
        if !self.run.is_empty() {
            let run = std::mem::take(&mut self.run);
            self.words.note(&run, self.class);
            self.run = run;
            self.run.clear();
        }
    }

    /// The text is over.
    pub fn finish(mut self) {
        self.end_run();
        for _ in 0..NEAR {
            self.pass(None);
        }
    }
}

/// Whether a pattern is one that only signs can have.
pub(super) fn is_sign(pattern: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(pattern) else { return false };
    text.trim_matches(char::from(GAP)).chars().any(|c| !in_run(c))
}

/// What a text to look for asks of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service::search) struct Evidence {
    /// Each must be found among the words as they stand one behind the other, [`GAP`]s between.
    pub patterns: Vec<Vec<u8>>,
    /// Whoever has them all has the text.
    pub exact: bool,
}

impl Evidence {
    /// For a folded text. Without patterns: every message may have it.
    pub fn of(needle: &[u8]) -> Self {
        let nothing = Self { patterns: Vec::new(), exact: false };
        let Ok(text) = std::str::from_utf8(needle) else { return nothing };
        let chars: Vec<char> = text.chars().collect();
        if chars.is_empty() {
            return nothing;
        }
        if chars.iter().all(|c| in_run(*c)) {
            return Self { patterns: vec![needle.to_vec()], exact: true };
        }
        let whole = |word: String| [&[GAP], word.as_bytes(), &[GAP]].concat();
        let short = match chars[..] {
            [c] => sign(None, c),
            [a, b] => sign(Some(a), b),
            _ => None,
        };
        if let Some(word) = short {
            return Self { patterns: vec![whole(word)], exact: true };
        }
        // Each sign with what is near it; where that is all, whoever has it has the text.
        let near: Vec<_> = (0..chars.len()).filter_map(|at| around(at, |n| chars.get(n).copied())).collect();
        let bytes = |range: std::ops::Range<usize>| chars[range].iter().collect::<String>().into_bytes();
        if let Some(all) = near.iter().find(|range| range.len() == chars.len()) {
            return Self { patterns: vec![bytes(all.clone())], exact: true };
        }
        let mut patterns: Vec<Vec<u8>> = near.into_iter().map(bytes).collect();
        let mut runs: Vec<Vec<u8>> = Vec::new();
        for run in chars.chunk_by(|a, b| in_run(*a) && in_run(*b)).filter(|run| in_run(run[0])) {
            runs.push(run.iter().collect::<String>().into_bytes());
        }
        let (first, last) = (in_run(chars[0]), in_run(chars[chars.len() - 1]));
        let count = runs.len();
        // Bytes of the longest: beside it, one letter narrows nothing and is among most words.
        let longest = runs.iter().map(Vec::len).max().unwrap_or(0);
        for (n, run) in runs.into_iter().enumerate() {
            if run.len() < 3 && longest > 3 {
                continue;
            }
            let mut pattern = Vec::with_capacity(run.len() + 2);
            if n > 0 || !first {
                pattern.push(GAP);
            }
            pattern.extend_from_slice(&run);
            if n + 1 < count || !last {
                pattern.push(GAP);
            }
            patterns.push(pattern);
        }
        patterns.sort_by_key(|p| std::cmp::Reverse(p.len()));
        patterns.dedup();
        patterns.truncate(16);
        Self { patterns, exact: false }
    }
}
