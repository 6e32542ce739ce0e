//! Words as they are sorted: their first eight bytes as one number, the rest where many of them lie together.
//!
//! Invariants: no word holds a [`super::words::GAP`], so a word of fewer than eight bytes, filled up with zeros, stands
//! where it belongs; comparing two words is mostly comparing two numbers, and none has memory of its own.

use std::cmp::Ordering;

/// Bytes of a word in its number.
const HEAD: usize = 8;
/// The first bytes of a word as a number: sorts as they do.
pub(super) fn head(word: &[u8]) -> u64 {
    match word.first_chunk::<HEAD>() {
        Some(first) => u64::from_be_bytes(*first),
        None => word.iter().rev().fold(0, |head, byte| head >> 8 | u64::from(*byte) << 56),
    }
}

/// Where the other bytes of a word are among [`Tails`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tail(u32);

impl Tail {
    /// There are none.
    const NONE: Self = Self(u32::MAX);
}

/// A word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    /// See [`head`].
    pub head: u64,
    pub tail: Tail,
}

impl Term {
    /// All of its bytes are in its number.
    pub fn short(head: u64) -> Self {
        Self { head, tail: Tail::NONE }
    }

    /// Whether it has bytes beyond its number.
    pub fn is_long(self) -> bool {
        self.tail != Tail::NONE
    }

    /// The same word when its tails were put behind those of others.
    pub fn behind(self, others: Behind) -> Self {
        Self { tail: if self.is_long() { Tail(self.tail.0 + others.0) } else { Tail::NONE }, ..self }
    }
}

/// How much [`Tails`] held before others were put behind them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind(u32);

/// What words have beyond their first bytes, one behind the other, each with its length.
#[derive(Debug, Default)]
pub(super) struct Tails {
    bytes: Vec<u8>,
}

impl Tails {
    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// A word becomes a term.
    pub fn add(&mut self, word: &[u8]) -> Term {
        let Some((_, rest)) = word.split_at_checked(HEAD).filter(|(_, rest)| !rest.is_empty()) else {
            return Term::short(head(word));
        };
        // Who fills this stops long before a `u32` is too small.
        let tail = Tail(self.bytes.len() as u32);
        self.bytes.extend_from_slice(&(rest.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(rest);
        Term { head: head(word), tail }
    }

    /// Takes those of another; its terms lie [`Term::behind`] what was there.
    pub fn append(&mut self, others: &Self) -> Behind {
        let behind = Behind(self.bytes.len() as u32);
        self.bytes.extend_from_slice(&others.bytes);
        behind
    }

    /// The bytes of a term beyond its number.
    pub fn of(&self, term: Term) -> &[u8] {
        if !term.is_long() {
            return &[];
        }
        let from = self.bytes.get(term.tail.0 as usize..).unwrap_or_default();
        let Some((len, rest)) = from.split_first_chunk() else { return &[] };
        rest.get(..u32::from_le_bytes(*len) as usize).unwrap_or_default()
    }

    /// As their words compare.
    pub fn compare(&self, a: Term, b: Term) -> Ordering {
        a.head.cmp(&b.head).then_with(|| {
            // Mostly both end here.
            if a.tail == b.tail { Ordering::Equal } else { self.of(a).cmp(self.of(b)) }
        })
    }

    /// All bytes of a term.
    pub fn word(&self, term: Term, word: &mut Vec<u8>) {
        word.clear();
        // What it is filled up with is 0.
        let filled = (term.head.trailing_zeros() / u8::BITS) as usize;
        word.extend_from_slice(&term.head.to_be_bytes()[..HEAD.saturating_sub(filled)]);
        word.extend_from_slice(self.of(term));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_the_words_themselves(words in prop::collection::vec("[\u{1}aAbB]{1,20}", 1..20)) {
            let (mut first, mut all) = (Tails::default(), Tails::default());
            first.add(b"of another, long enough");
            let terms: Vec<Term> = words.iter().map(|word| all.add(word.as_bytes())).collect();
            let behind = first.append(&all);
            let mut bytes = Vec::new();
            for (word, term) in words.iter().zip(&terms) {
                first.word(term.behind(behind), &mut bytes);
                prop_assert_eq!(&bytes, word.as_bytes());
                prop_assert_eq!(head(word.as_bytes()), term.head);
                for (other, their) in words.iter().zip(&terms) {
                    prop_assert_eq!(all.compare(*term, *their), word.as_bytes().cmp(other.as_bytes()));
                }
            }
        }
    }
}
