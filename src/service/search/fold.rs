//! How search compares texts: without regard to case or composition, as i;unicode-casemap does
//! (RFC 5051), and piece by piece.
//!
//! Each character is taken apart (NFKD), put into upper case where that is one character, and taken
//! apart again: `ä`, `Ä` and `a` with a combining diaeresis become the same, and so do `ﬁ` and `FI`.
//! Characters are folded one by one, so a text may be cut anywhere between two of them.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// Latin letters with marks, which most texts that are not ASCII are made of: folded once.
static LATIN: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let fold = |c| {
        let mut folded = Vec::new();
        take_apart(c, &mut folded);
        folded
    };
    ('\u{0}'..='\u{24f}').map(fold).collect()
});

/// Appends the folded form, in UTF-8.
pub(in crate::service) fn fold(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| !b.is_ascii()) {
        let (ascii, tail) = rest.split_at(at);
        fold_ascii(ascii, out);
        let (others, after) = tail.split_at(tail.bytes().position(|b| b.is_ascii()).unwrap_or(tail.len()));
        others.chars().for_each(|c| fold_char(c, out));
        rest = after;
    }
    fold_ascii(rest, out);
}

fn fold_ascii(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(text.as_bytes());
    out[start..].make_ascii_uppercase();
}

fn fold_char(c: char, out: &mut Vec<u8>) {
    match LATIN.get(c as usize) {
        Some(folded) => out.extend_from_slice(folded),
        None => take_apart(c, out),
    }
}

fn take_apart(c: char, out: &mut Vec<u8>) {
    for c in std::iter::once(c).nfkd() {
        let mut upper = c.to_uppercase();
        let one = match (upper.next(), upper.next()) {
            (Some(one), None) => one,
            _ => c,
        };
        for c in std::iter::once(one).nfkd() {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// A text to look for, folded.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    finder: memchr::memmem::Finder<'static>,
}

impl Needle {
    pub fn new(text: &str) -> Self {
        let mut folded = Vec::with_capacity(text.len());
        fold(text, &mut folded);
        Self { finder: memchr::memmem::Finder::new(&folded).into_owned() }
    }

    /// Bytes of the folded form.
    pub fn len(&self) -> usize {
        self.finder.needle().len()
    }

    /// The folded form.
    pub fn folded(&self) -> &[u8] {
        self.finder.needle()
    }

    /// Whether a text that is folded already holds it.
    pub fn within(&self, folded: &[u8]) -> bool {
        self.finder.find(folded).is_some()
    }
}

/// A text that goes by in pieces; what is kept of it is one piece and the end of the last.
#[derive(Debug, Default)]
pub(super) struct Window {
    folded: Vec<u8>,
}

impl Window {
    /// Adds a piece; a needle of at most `longest` folded bytes that ends in it is then within.
    pub fn push(&mut self, piece: &str, longest: usize) {
        let keep = self.folded.len().min(longest.saturating_sub(1));
        self.folded.drain(..self.folded.len() - keep);
        fold(piece, &mut self.folded);
    }

    /// What is there to look into.
    pub fn folded(&self) -> &[u8] {
        &self.folded
    }

    /// Another text begins.
    pub fn clear(&mut self) {
        self.folded.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> String {
        let mut out = Vec::new();
        fold(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn case_and_composition_do_not_count() {
        for (one, other) in [
            ("Röntgenbild", "RÖNTGENBILD"),
            ("a\u{308}", "Ä"),
            ("ﬁ", "FI"),
            ("Ǆ", "ǆ"),
            ("Ωmega", "ωMEGA"),
            ("İ", "I\u{307}"),
            ("１２", "12"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        // A single character has no other single upper case: ß stays what it is (RFC 5051 §2).
        assert_ne!(folded("ß"), folded("ss"));
        assert_eq!(folded("aß c"), "Aß C");
    }

    proptest! {
        #[test]
        fn char_by_char(text in "[a-zäßﬁΩ台\u{308}\r\n ]{0,20}") {
            let one_by_one: String = text.chars().map(|c| folded(&c.to_string())).collect();
            prop_assert_eq!(folded(&text), one_by_one);
        }

        #[test]
        fn pieces_hide_nothing(
            pieces in prop::collection::vec("[abäÄ]{0,4}", 0..8), needle in "[aBä]{1,5}",
        ) {
            let needle = Needle::new(&needle);
            let mut window = Window::default();
            let mut found = false;
            for piece in &pieces {
                window.push(piece, needle.len());
                found |= needle.within(window.folded());
            }
            prop_assert_eq!(found, needle.within(folded(&pieces.concat()).as_bytes()));
        }
    }
}
