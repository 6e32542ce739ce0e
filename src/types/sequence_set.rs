//! Sets of sequence numbers or UIDs as a client writes them (RFC 9051 §9 `sequence-set`).
//!
//! A set is kept as written, `*` unresolved: what `*` means is known only against a mailbox. It
//! may be long (the codec bounds it), overlapping and in any order; [`SequenceSet::resolve`]
//! gives ascending, disjoint ranges.

use smallvec::SmallVec;

/// One end of a range. The stored number 0 stands for `*`, which no message can have.
const STAR: u32 = 0;

/// `2,4:7,9,12:*`
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SequenceSet(SmallVec<[(u32, u32); 2]>);

impl SequenceSet {
    /// The set of these inclusive ranges; 0 stands for `*`.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        Self(ranges.into_iter().collect())
    }

    /// Adds `from:to`; `None` is `*`.
    pub fn push(&mut self, from: Option<u32>, to: Option<u32>) {
        self.0.push((from.unwrap_or(STAR), to.unwrap_or(STAR)));
    }

    /// How many ranges were written.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No range at all: matches nothing (a client cannot write this).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As written: the two ends of each range, `None` for `*`.
    pub fn ranges(&self) -> impl Iterator<Item = (Option<u32>, Option<u32>)> {
        let end = |n| if n == STAR { None } else { Some(n) };
        self.0.iter().map(move |&(a, b)| (end(a), end(b)))
    }

    /// Ascending, disjoint, joined inclusive ranges, with `*` standing for `last`: the highest
    /// number in the mailbox. 0 says that the mailbox is empty; then `*` stands for nothing, and
    /// a range with a `*` is left out.
    ///
    /// Numbers beyond `last` stay in: for UIDs they match nothing (RFC 9051 §6.4.9), for sequence
    /// numbers they are the caller's error to report. `17:*` with `last` 12 is `12:17`.
    pub fn resolve(&self, last: u32) -> Vec<(u32, u32)> {
        let mut out: Vec<(u32, u32)> = Vec::with_capacity(self.0.len());
        for &(a, b) in &self.0 {
            let (a, b) = (if a == STAR { last } else { a }, if b == STAR { last } else { b });
            if a != 0 && b != 0 {
                out.push((a.min(b), a.max(b)));
            }
        }
        if !out.is_sorted() {
            out.sort_unstable();
        }
        out.dedup_by(|next, kept| {
            let joins = next.0 <= kept.1.saturating_add(1);
            if joins {
                kept.1 = kept.1.max(next.1);
            }
            joins
        });
        out
    }

    /// Whether `n` is in the set, `*` standing for `last`.
    pub fn contains(&self, n: u32, last: u32) -> bool {
        self.0.iter().any(|&(a, b)| {
            let (a, b) = (if a == STAR { last } else { a }, if b == STAR { last } else { b });
            n != 0 && a != 0 && b != 0 && (a.min(b)..=a.max(b)).contains(&n)
        })
    }

    /// The highest number written, `*` aside: what a sequence number must not exceed.
    pub fn highest(&self) -> Option<u32> {
        self.0.iter().flat_map(|&(a, b)| [a, b]).filter(|&n| n != STAR).max()
    }
}

impl std::fmt::Display for SequenceSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (from, to)) in self.ranges().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            match from {
                Some(n) => write!(f, "{n}")?,
                None => f.write_str("*")?,
            }
            if from != to {
                match to {
                    Some(n) => write!(f, ":{n}")?,
                    None => f.write_str(":*")?,
                }
            }
        }
        Ok(())
    }
}

/// What a command names messages by: numbers, or the result of the last SEARCH that saved one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MessageSet {
    /// Written out.
    Numbers(SequenceSet),
    /// `$` (RFC 5182 §2.1)
    Saved,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn star() {
        let set = SequenceSet::from_ranges([(17, 0)]);
        assert_eq!(set.resolve(12), [(12, 17)]);
        assert_eq!(set.resolve(0), []);
        assert_eq!(set.to_string(), "17:*");
        assert_eq!(SequenceSet::from_ranges([(0, 0)]).to_string(), "*");
        assert_eq!(
            SequenceSet::from_ranges([(3, 2), (4, 4), (u32::MAX, 9)]).resolve(5),
            [(2, 4), (9, u32::MAX)]
        );
    }

    proptest! {
        #[test]
        fn resolve_agrees_with_contains(
            ranges in prop::collection::vec((0u32..20, 0u32..20), 0..8), last in 0u32..15,
        ) {
            let set = SequenceSet::from_ranges(ranges);
            let resolved = set.resolve(last);
            prop_assert!(resolved.windows(2).all(|w| w[0].1 + 1 < w[1].0));
            for n in 0..25 {
                prop_assert_eq!(resolved.iter().any(|&(a, b)| (a..=b).contains(&n)), set.contains(n, last));
            }
        }
    }
}
