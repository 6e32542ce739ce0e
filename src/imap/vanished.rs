//! VANISHED: which UIDs are gone (RFC 7162 §3.2.10). Pure.
//!
//! Invariant: a UID that the client still counts is never named as gone earlier; it is told by the next
//! VANISHED without the tag, which also takes its sequence number away.

use super::codec::encode::number;

/// Ascending, disjoint, inclusive ranges of UIDs.
pub type Ranges = [(u32, u32)];

/// Which of the two forms (§3.2.10.1, §3.2.10.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vanished {
    /// `(EARLIER)`: before this session counted.
    Earlier,
    /// Out of this session's numbering.
    Now,
}

/// `* VANISHED (EARLIER) 300:310,405`; nothing where nothing is gone.
pub fn vanished_response(form: Vanished, uids: &Ranges, out: &mut Vec<u8>) {
    if uids.is_empty() {
        return;
    }
    out.extend_from_slice(match form {
        Vanished::Earlier => b"* VANISHED (EARLIER) ",
        Vanished::Now => b"* VANISHED ",
    });
    for (i, &(from, to)) in uids.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        number(from.into(), out);
        if to > from {
            out.push(b':');
            number(to.into(), out);
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// What is asked about, as far as it is gone: `gone` are the UIDs known to be expunged, `None` stands
/// for everything below `uidnext` that is not there; `alive` are those the client counts, ascending.
pub fn gone_earlier(gone: Option<&Ranges>, asked: &Ranges, alive: &[u32], uidnext: u32) -> Vec<(u32, u32)> {
    let last = uidnext.saturating_sub(1);
    let everything = [(1, last)];
    let gone = gone.unwrap_or(&everything);
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(&(a, b)), Some(&(c, d))) = (gone.get(i), asked.get(j)) {
        let (from, to) = (a.max(c).max(1), b.min(d).min(last));
        if from <= to {
            without(from, to, alive, &mut out);
        }
        if b <= d {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}

/// Appends `from..=to` less what is alive.
fn without(mut from: u32, to: u32, alive: &[u32], out: &mut Vec<(u32, u32)>) {
    let start = alive.partition_point(|&uid| uid < from);
    for &uid in alive[start..].iter().take_while(|&&uid| uid <= to) {
        if uid > from {
            out.push((from, uid - 1));
        }
        // The last UID there can be has no next one.
        let Some(next) = uid.checked_add(1) else { return };
        from = next;
    }
    if from <= to {
        out.push((from, to));
    }
}

/// The highest UID up to which the client's sample of numbers and UIDs agrees with the mailbox: it knows
/// of everything that is gone up to there (§3.2.5.2). 0: nothing agrees.
pub fn agreed(numbers: &Ranges, uids: &Ranges, alive: &[u32]) -> u32 {
    let mut agreed = 0;
    let mut pairs = Pairs { numbers, uids, at: (0, 0) };
    while let Some((number, uid, length)) = pairs.next() {
        for step in 0..length {
            let at = (u64::from(number) + u64::from(step)).checked_sub(1);
            let there = at.and_then(|at| alive.get(usize::try_from(at).ok()?).copied());
            if there != uid.checked_add(step) {
                return agreed;
            }
            agreed = uid + step;
        }
    }
    agreed
}

/// Two sets side by side, in pieces that run in both.
struct Pairs<'a> {
    numbers: &'a Ranges,
    uids: &'a Ranges,
    at: (u32, u32),
}

impl Pairs<'_> {
    fn next(&mut self) -> Option<(u32, u32, u32)> {
        let (&(a, b), &(c, d)) = (self.numbers.first()?, self.uids.first()?);
        let (number, uid) = (a + self.at.0, c + self.at.1);
        let (left, right) = (b - number, d - uid);
        let length = left.min(right).saturating_add(1);
        if left <= right {
            self.numbers = &self.numbers[1..];
            self.at.0 = 0;
        } else {
            self.at.0 += length;
        }
        if right <= left {
            self.uids = &self.uids[1..];
            self.at.1 = 0;
        } else {
            self.at.1 += length;
        }
        Some((number, uid, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::uid_ranges;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn two_forms_and_none() {
        let written = |form, uids: &Ranges| {
            let mut out = Vec::new();
            vanished_response(form, uids, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(Vanished::Earlier, &[(1, 3), (7, 7)]), "* VANISHED (EARLIER) 1:3,7\r\n");
        assert_eq!(written(Vanished::Now, &[(9, 9)]), "* VANISHED 9\r\n");
        assert_eq!(written(Vanished::Now, &[]), "");
    }

    /// RFC 7162 §3.2.5.2, the example in words.
    #[test]
    fn a_sample_agrees_up_to_where_it_differs() {
        let alive: Vec<u32> = (1..=40).map(|n| if n < 12 { n * 2 } else { n * 2 + 1 }).collect();
        assert_eq!(agreed(&[(4, 4), (12, 12)], &[(8, 8), (24, 24)], &alive), 8);
        assert_eq!(agreed(&[(4, 4)], &[(9, 9)], &alive), 0);
        assert_eq!(agreed(&[(1, 2)], &[(2, 2), (4, 4)], &alive), 4);
        assert_eq!(agreed(&[(90, u32::MAX)], &[(90, u32::MAX)], &alive), 0);
        let dense: Vec<u32> = (1..=9).collect();
        assert_eq!(agreed(&[(1, 3), (5, 9)], &[(1, 2), (3, 3), (5, 9)], &dense), 9);
    }

    #[test]
    fn nothing_is_gone_from_an_untouched_mailbox() {
        assert_eq!(gone_earlier(None, &[(1, u32::MAX)], &[], 1), []);
        assert_eq!(gone_earlier(None, &[(1, u32::MAX)], &[1, 2, 3], 4), []);
        assert_eq!(gone_earlier(None, &[(1, u32::MAX)], &[2], 4), [(1, 1), (3, 3)]);
        assert_eq!(gone_earlier(Some(&[]), &[(1, 9)], &[2], 4), []);
    }

    proptest! {
        #[test]
        fn as_sets(
            gone in prop::option::of(prop::collection::btree_set(1u32..30, 0..20)),
            asked in prop::collection::btree_set(1u32..40, 0..20),
            alive in prop::collection::btree_set(1u32..25, 0..20),
        ) {
            let uidnext = 30;
            let ranges = |set: &BTreeSet<u32>| uid_ranges(set.iter().copied());
            let listed: Vec<u32> = alive.iter().copied().collect();
            let known = gone.as_ref().map(ranges);
            let told = gone_earlier(known.as_deref(), &ranges(&asked), &listed, uidnext);
            let told: Vec<u32> = told.into_iter().flat_map(|(a, b)| a..=b).collect();
            let is_gone = |uid: &u32| gone.as_ref().is_none_or(|gone| gone.contains(uid));
            let expected: Vec<u32> = (1..uidnext)
                .filter(|uid| is_gone(uid) && asked.contains(uid) && !alive.contains(uid))
                .collect();
            prop_assert_eq!(told, expected);
        }
    }
}
