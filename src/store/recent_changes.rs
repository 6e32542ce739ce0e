//! Which messages of a mailbox came or changed lately, so that a session that is nearly up to date need not
//! look through all of them.
//!
//! Invariants: complete for everything after `from`; bounded by [`MOST`] entries, of which the oldest go first.
//! A message that changed twice is in it twice, and one that has gone since may be in it.

use std::collections::VecDeque;

use crate::types::ModSeq;

/// Changes remembered: 64 KiB for a mailbox at most.
const MOST: usize = 4096;

/// See the module text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentChanges {
    from: ModSeq,
    /// When it was noted at the latest, ascending, and the UID.
    changes: VecDeque<(ModSeq, u32)>,
}

impl RecentChanges {
    /// Complete for everything after `from`; nothing has changed since.
    pub fn after(from: ModSeq) -> Self {
        Self { from, changes: VecDeque::new() }
    }

    /// Notes what changed since the last note, all of it at or below `now`.
    pub fn note(&mut self, now: ModSeq, uids: impl ExactSizeIterator<Item = u32>) {
        if uids.len() > MOST {
            *self = Self::after(now);
            return;
        }
        while self.changes.len() + uids.len() > MOST {
            match self.changes.pop_front() {
                Some((at, _)) => self.from = self.from.max(at),
                None => break,
            }
        }
        self.changes.extend(uids.map(|uid| (now, uid)));
    }

    /// The UIDs of what may have changed after `modseq`, ascending, each once; `None`: too long ago to say.
    pub fn since(&self, modseq: ModSeq) -> Option<Vec<u32>> {
        if modseq < self.from {
            return None;
        }
        let first = self.changes.partition_point(|(at, _)| *at <= modseq);
        let mut uids: Vec<u32> = self.changes.range(first..).map(|(_, uid)| *uid).collect();
        uids.sort_unstable();
        uids.dedup();
        Some(uids)
    }

    /// Bytes that it takes beside itself.
    pub fn weight(&self) -> usize {
        self.changes.capacity() * size_of::<(ModSeq, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(recent: &mut RecentChanges, now: u64, uids: &[u32]) {
        recent.note(ModSeq(now), uids.iter().copied());
    }

    #[test]
    fn what_changed_after_a_modseq() {
        let mut recent = RecentChanges::after(ModSeq(10));
        assert_eq!(recent.since(ModSeq(9)), None);
        assert_eq!(recent.since(ModSeq(10)), Some(vec![]));
        noted(&mut recent, 12, &[7, 3]);
        noted(&mut recent, 13, &[5, 3]);
        assert_eq!(recent.since(ModSeq(10)), Some(vec![3, 5, 7]));
        // Part of a note: more than asked is right, less is not.
        assert_eq!(recent.since(ModSeq(11)), Some(vec![3, 5, 7]));
        assert_eq!(recent.since(ModSeq(12)), Some(vec![3, 5]));
        assert_eq!(recent.since(ModSeq(13)), Some(vec![]));
    }

    #[test]
    fn it_forgets_the_oldest_and_says_so() {
        let mut recent = RecentChanges::after(ModSeq(1));
        for at in 2..2 + MOST as u64 {
            noted(&mut recent, at, &[at as u32]);
        }
        assert_eq!(recent.since(ModSeq(1)).map(|uids| uids.len()), Some(MOST));
        noted(&mut recent, 2 + MOST as u64, &[1]);
        assert_eq!(recent.since(ModSeq(1)), None);
        assert_eq!(recent.since(ModSeq(2)).map(|uids| uids.len()), Some(MOST));
        recent.note(ModSeq(9999), (0..=MOST).map(|uid| uid as u32).collect::<Vec<_>>().into_iter());
        assert_eq!(recent.since(ModSeq(9998)), None);
        assert_eq!(recent.since(ModSeq(9999)), Some(vec![]));
    }
}
