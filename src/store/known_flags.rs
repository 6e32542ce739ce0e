//! STORE in a mailbox that is open here: what it does is known beforehand.
//!
//! Invariants: the plan is made from the live rows at one mod-sequence, and holds only if the database still
//! has the mailbox at that mod-sequence (`store_flags_known` of migration 0012 compares under the mailbox's
//! lock); otherwise nothing is done and the database judges each message itself. So what a STORE does is the
//! same either way: no change of another session is lost, UNCHANGEDSINCE is exact.

use super::live::{MailboxState, Row};
use super::messages::FlagsStored;
use crate::types::{FlagChange, Flags, ModSeq, SystemFlag};

/// What a STORE is asked to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) change: FlagChange,
    pub(super) flags: Flags,
    pub(super) unchanged_since: Option<ModSeq>,
}

/// What it does to a mailbox that is at [`Plan::known`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) known: ModSeq,
    /// With the mod-sequence that the change gets.
    pub(super) stored: FlagsStored,
    /// The UIDs that change: lo, hi, lo, hi, …; only such lie between.
    pub(super) ranges: Vec<i64>,
    /// By how much the mailbox's counters change: messages without `\Seen`, with `\Deleted`, and bytes of those.
    pub(super) unseen: i64,
    pub(super) deleted: i64,
    pub(super) deleted_size: i64,
}

impl Plan {
    /// `uids` ascend. `None`: the state is not that of a mailbox that can be changed, or does not have a keyword
    /// yet that is to be set: then the rows must be looked at again, since the keyword comes with them.
    pub(super) fn of(state: &MailboxState, uids: &[u32], asked: Asked) -> Option<Self> {
        if state.gone || state.highestmodseq.0 == 0 || !has_keywords(state, asked) {
            return None;
        }
        let next = ModSeq(state.highestmodseq.0 + 1);
        let mut plan = Self {
            known: state.highestmodseq,
            stored: FlagsStored::default(),
            ranges: Vec::new(),
            unseen: 0,
            deleted: 0,
            deleted_size: 0,
        };
        let mut last = None;
        for (at, row) in places(&state.rows, uids) {
            if asked.unchanged_since.is_some_and(|since| row.modseq > since) {
                plan.stored.modified.push(row.uid);
                continue;
            }
            let flags = row.flags.changed(asked.change, asked.flags);
            if flags == row.flags {
                plan.stored.same.push((row.uid, flags, row.modseq));
                continue;
            }
            plan.stored.changed.push((row.uid, flags, next));
            plan.count(row, flags);
            // Neighbours among the rows, whatever UIDs are missing between them.
            let uid = i64::from(row.uid);
            match plan.ranges.last_mut() {
                Some(hi) if last.is_some_and(|last| last + 1 == at) => *hi = uid,
                _ => plan.ranges.extend([uid, uid]),
            }
            last = Some(at);
        }
        Some(plan)
    }

    fn count(&mut self, row: &Row, flags: Flags) {
        let change = |flag| i64::from(flags.has(flag)) - i64::from(row.flags.has(flag));
        self.unseen -= change(SystemFlag::Seen);
        self.deleted += change(SystemFlag::Deleted);
        self.deleted_size += change(SystemFlag::Deleted) * row.size.cast_signed();
    }
}

/// Whether the names of all keywords that are to be set are known.
fn has_keywords(state: &MailboxState, asked: Asked) -> bool {
    let known = state.keywords.iter().fold(Flags::NONE, |all, (bit, _)| all.union(Flags::keyword(*bit)));
    let mut bits = Flags::KEYWORD_BITS.map(Flags::keyword);
    matches!(asked.change, FlagChange::Remove)
        || bits.all(|bit| asked.flags.0 & bit.0 == 0 || known.0 & bit.0 != 0)
}

/// The rows of these UIDs, ascending, with their index; UIDs that are not there are left out.
fn places<'a>(rows: &'a [Row], uids: &'a [u32]) -> impl Iterator<Item = (usize, &'a Row)> {
    let mut next = 0;
    uids.iter().filter_map(move |uid| {
        let rest = rows.get(next..).unwrap_or_default();
        // Mostly it is the one behind the last.
        if rest.first().is_none_or(|row| row.uid != *uid) {
            next += rest.partition_point(|row| row.uid < *uid);
        }
        let at = next;
        let row = rows.get(at).filter(|row| row.uid == *uid)?;
        next += 1;
        Some((at, row))
    })
}

/// Writes changed flags into the rows.
pub(super) fn write(rows: &mut [Row], changed: &[(u32, Flags, ModSeq)]) {
    let mut rest = rows;
    for &(uid, flags, modseq) in changed {
        let skip = match rest.first() {
            Some(row) if row.uid == uid => 0,
            _ => rest.partition_point(|row| row.uid < uid),
        };
        rest = &mut rest[skip..];
        if let Some(row) = rest.first_mut().filter(|row| row.uid == uid) {
            (row.flags, row.modseq) = (flags, modseq);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use proptest::prelude::*;

    use super::*;
    use crate::store::RecentChanges;
    use crate::types::{BodyId, UidValidity};

    fn state(rows: Vec<Row>) -> MailboxState {
        MailboxState {
            uidvalidity: UidValidity::new(1).unwrap(),
            uidnext: rows.last().map_or(1, |row| row.uid + 1),
            highestmodseq: ModSeq(100),
            rows,
            expunged: VecDeque::new(),
            expunged_from: ModSeq(0),
            recent: RecentChanges::after(ModSeq(0)),
            keywords: Vec::new(),
            gone: false,
        }
    }

    prop_compose! {
        fn rows()(uids in prop::collection::btree_set(1u32..40, 0..20))
                 (flags in prop::collection::vec(0u64..32, uids.len()),
                  modseqs in prop::collection::vec(1u64..=100, uids.len()),
                  uids in Just(uids)) -> Vec<Row> {
            uids.into_iter().zip(flags).zip(modseqs).map(|((uid, flags), modseq)| Row {
                uid,
                flags: Flags(flags),
                modseq: ModSeq(modseq),
                size: u64::from(uid) * 7,
                internal_date: 0,
                body: BodyId(uuid::Uuid::from_u128(uid.into())),
            }).collect()
        }
    }

    #[test]
    fn a_keyword_that_is_new_here_is_not_planned_with() {
        let mut state = state(Vec::new());
        let asked = |change| Asked { change, flags: Flags::keyword(9), unchanged_since: None };
        assert!(Plan::of(&state, &[1], asked(FlagChange::Add)).is_none());
        assert!(Plan::of(&state, &[1], asked(FlagChange::Replace)).is_none());
        assert!(Plan::of(&state, &[1], asked(FlagChange::Remove)).is_some());
        state.keywords.push((9, crate::types::Keyword::new("$Label1").unwrap()));
        assert!(Plan::of(&state, &[1], asked(FlagChange::Add)).is_some());
    }

    proptest! {
        /// Each message is judged by itself; what the plan says in sum is what the messages say.
        #[test]
        fn a_plan_is_what_each_message_says(
            rows in rows(),
            uids in prop::collection::btree_set(1u32..45, 0..30),
            how in 0usize..3,
            by in 0u64..32,
            since in prop::option::of(1u64..=100),
        ) {
            let uids: Vec<u32> = uids.into_iter().collect();
            let change = [FlagChange::Add, FlagChange::Remove, FlagChange::Replace][how];
            let asked = Asked { change, flags: Flags(by), unchanged_since: since.map(ModSeq) };
            let before = state(rows);
            let plan = Plan::of(&before, &uids, asked).unwrap();
            let mut after = before.clone();
            write(&mut after.rows, &plan.stored.changed);
            let mut changed = BTreeSet::new();
            for (old, new) in before.rows.iter().zip(&after.rows) {
                let wanted = old.flags.changed(change, Flags(by));
                let left = !uids.contains(&old.uid) || since.is_some_and(|since| old.modseq.0 > since);
                if left || wanted == old.flags {
                    prop_assert_eq!(old, new);
                } else {
                    prop_assert_eq!((new.flags, new.modseq), (wanted, ModSeq(101)));
                    changed.insert(i64::from(old.uid));
                }
                let held = uids.contains(&old.uid);
                prop_assert_eq!(plan.stored.modified.contains(&old.uid), held && left);
                let same = plan.stored.same.contains(&(old.uid, old.flags, old.modseq));
                prop_assert_eq!(same, held && !left && wanted == old.flags);
            }
            let within: BTreeSet<i64> = plan.ranges.chunks(2)
                .flat_map(|range| before.rows.iter().map(|row| i64::from(row.uid)).filter(|uid| (range[0]..=range[1]).contains(uid)))
                .collect();
            prop_assert_eq!(&within, &changed);
            prop_assert!(plan.ranges.chunks(2).all(|r| r[0] <= r[1]));
            prop_assert!(plan.ranges.chunks(2).zip(plan.ranges.chunks(2).skip(1)).all(|(a, b)| a[1] < b[0]));
            let count = |state: &MailboxState, what: fn(&Row) -> i64| state.rows.iter().map(what).sum::<i64>();
            let unseen = |row: &Row| i64::from(!row.flags.has(SystemFlag::Seen));
            let deleted = |row: &Row| i64::from(row.flags.has(SystemFlag::Deleted));
            let size = |row: &Row| if row.flags.has(SystemFlag::Deleted) { row.size.cast_signed() } else { 0 };
            prop_assert_eq!(plan.unseen, count(&after, unseen) - count(&before, unseen));
            prop_assert_eq!(plan.deleted, count(&after, deleted) - count(&before, deleted));
            prop_assert_eq!(plan.deleted_size, count(&after, size) - count(&before, size));
        }
    }
}
