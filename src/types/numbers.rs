//! UID, sequence number, mod-sequence, UIDVALIDITY: four numbers that must never be confused.

use std::num::NonZeroU32;

macro_rules! nonzero {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub NonZeroU32);

        impl $name {
            /// `None` for 0, which is no such number.
            pub fn new(n: u32) -> Option<Self> {
                NonZeroU32::new(n).map(Self)
            }

            /// The plain number.
            pub fn get(self) -> u32 {
                self.0.get()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

nonzero!(
    /// Unique identifier within one mailbox and UIDVALIDITY (RFC 9051 §2.3.1.1).
    Uid
);
nonzero!(
    /// Position in one session's view of a mailbox, from 1 (RFC 9051 §2.3.1.2).
    SeqNum
);
nonzero!(
    /// Changes when UIDs of a mailbox name start anew (RFC 9051 §2.3.1.1).
    UidValidity
);

/// Modification sequence (RFC 7162 §3.1), a positive 63-bit number; 0 only in `CHANGEDSINCE 0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModSeq(pub u64);

impl std::fmt::Display for ModSeq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Ascending numbers as inclusive ranges: `1,2,3,7` is `(1,3) (7,7)`.
pub fn uid_ranges(ascending: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut out: Vec<(u32, u32)> = Vec::new();
    for n in ascending {
        match out.last_mut() {
            Some((_, hi)) if *hi + 1 == n => *hi = n,
            _ => out.push((n, n)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_neighbours_only() {
        assert_eq!(uid_ranges([1, 2, 3, 7, 9, 10]), [(1, 3), (7, 7), (9, 10)]);
        assert!(uid_ranges([]).is_empty());
    }
}
