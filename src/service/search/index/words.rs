//! The words of one message, and how a text to look for is put as a question to words.

use foldhash::HashMap;
use unicode_normalization::char::is_combining_mark;

use crate::service::search::fold::fold;

/// Bytes of different words beyond which a message is not indexed but always read.
const WORDS_MAX: usize = 2 * 1024 * 1024;
/// Longest run of letters and digits, in bytes; as above.
const WORD_MAX: usize = 64 * 1024;
/// How many characters before and behind a sign are written down with it.
const NEAR: usize = 2;
/// Stands before signs, pairs and what is near a sign, so that they are no words.
pub(super) const SIGN: u8 = 1;
/// Stands between words.
pub(super) const GAP: u8 = 0;

/// Whether a folded character belongs to a run. Marks do: they belong to the letter before.
fn in_run(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// What stands in one message, and where (bits of [`super::class`]).
pub(in crate::service::search) struct Words {
    found: HashMap<Box<[u8]>, u8>,
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
            found: HashMap::default(),
            pairs: Box::new([0; 128 * 128]),
            bytes: 0,
            over: false,
            folded: Vec::new(),
            near: String::new(),
        }
    }

    /// Another message begins.
    pub fn clear(&mut self) {
        self.found.clear();
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

    /// All of them, in no order.
    pub fn found(&self) -> impl Iterator<Item = (&[u8], u8)> {
        self.found.iter().map(|(word, class)| (&**word, *class))
    }

    /// Another text begins, in places of this class.
    pub fn begin(&mut self, class: u8) -> Text<'_> {
        Text { words: self, class, run: Vec::new(), last: None, near: [None; 2 * NEAR + 1] }
    }

    fn note(&mut self, word: &[u8], class: u8) {
        if let Some(known) = self.found.get_mut(word) {
            *known |= class;
        } else if self.bytes + word.len() > WORDS_MAX {
            self.over = true;
        } else {
            self.bytes += word.len();
            self.found.insert(word.into(), class);
        }
    }

    /// One or two characters that are not both within a run.
    fn note_sign(&mut self, before: Option<char>, c: char, class: u8) {
        if let (Some(a), true) = (before.filter(char::is_ascii), c.is_ascii()) {
            let seen = &mut self.pairs[a as usize * 128 + c as usize];
            if *seen & class == class {
                return;
            }
            *seen |= class;
        }
        if let Some(word) = sign(before, c) {
            self.note(word.as_bytes(), class);
        }
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
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
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
            let mut end = at + c.len_utf8();
            if run {
                // The rest of an ASCII run at once.
                end += folded[end..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
                let more = &folded[at + c.len_utf8()..end];
                if let Some(last) = more.last() {
                    self.last = Some(char::from(*last));
                    // What lies deep in a run is near no sign.
                    let (first, last) =
                        if more.len() > 2 * NEAR { (NEAR, more.len() - NEAR) } else { (0, 0) };
                    for byte in more[..first].iter().chain(&more[last..]) {
                        self.pass(Some(char::from(*byte)));
                    }
                }
                self.run.extend_from_slice(&folded[at..end]);
                if self.run.len() > WORD_MAX {
                    self.words.over = true;
                    return;
                }
            }
            at = end;
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
