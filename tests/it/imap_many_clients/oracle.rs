//! What all clients know together, and what must never be seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_lot::Mutex;

use super::watcher::Kind;

/// A client and which of its selections of the mailbox.
type Selection = (usize, u32);

#[derive(Default)]
struct Facts {
    /// Acknowledged to be there at some time, and its text where that is known.
    stored: BTreeMap<u32, Option<String>>,
    /// Somebody tried to remove it, or marked it `\Deleted`.
    may_go: BTreeSet<u32>,
    /// Somebody was told that it is removed.
    must_go: BTreeSet<u32>,
    /// Who was told `\Recent`.
    recent: HashMap<u32, Selection>,
    /// Changes that UNCHANGEDSINCE let through: by message, the MODSEQ after it, and the one asked for.
    conditional: BTreeMap<u32, BTreeMap<u64, u64>>,
}

/// Shared by all clients of a run.
#[derive(Default)]
pub struct Oracle(Mutex<Facts>);

impl Oracle {
    /// New messages, by acknowledgement.
    pub fn stored(&self, uids: &[u32], text: Option<&str>) {
        let mut facts = self.0.lock();
        for uid in uids {
            let twice = facts.stored.insert(*uid, text.map(str::to_owned));
            assert!(twice.is_none(), "UID {uid} given twice");
        }
    }

    /// `to` is a copy of `from`, with its flags: where that one may be expunged, this one may.
    pub fn copied(&self, from: u32, to: u32) {
        let text = self.0.lock().stored.get(&from).cloned().flatten();
        self.stored(&[to], text.as_deref());
        let mut facts = self.0.lock();
        if facts.may_go.contains(&from) {
            facts.may_go.insert(to);
        }
    }

    pub fn may_go(&self, uids: impl IntoIterator<Item = u32>) {
        self.0.lock().may_go.extend(uids);
    }

    pub fn may_be_gone(&self, uid: u32) -> bool {
        self.0.lock().may_go.contains(&uid)
    }

    pub fn told_gone(&self, uid: u32) {
        self.0.lock().must_go.insert(uid);
    }

    /// A FETCH of `BODY[]` showed this.
    pub fn read(&self, uid: u32, shown: &str) {
        if let Some(Some(text)) = self.0.lock().stored.get(&uid) {
            assert!(shown.contains(text.as_str()), "UID {uid} is {text:?}, and was shown as {shown:?}");
        }
    }

    /// `\Recent` was said to somebody.
    pub fn recent(&self, uid: u32, to: Selection, kind: Kind) {
        assert!(kind != Kind::Rev2, "RFC 9051 knows no \\Recent");
        let before = self.0.lock().recent.insert(uid, to);
        assert!(before.is_none_or(|before| before == to), "{uid} is recent for {before:?} and {to:?}");
    }

    /// How many of these were recent for somebody.
    pub fn recent_of(&self, uids: &[u32]) -> usize {
        let facts = self.0.lock();
        uids.iter().filter(|uid| facts.recent.contains_key(uid)).count()
    }

    /// UNCHANGEDSINCE `unless` let a change through, which made the MODSEQ `after`.
    pub fn conditional(&self, uid: u32, unless: u64, after: u64) {
        let twice = self.0.lock().conditional.entry(uid).or_default().insert(after, unless);
        assert!(twice.is_none(), "MODSEQ {after} twice for {uid}");
    }

    /// Nobody changes anything now, and these are there.
    pub fn check(&self, there: &BTreeSet<u32>) {
        let facts = self.0.lock();
        for uid in facts.stored.keys() {
            assert!(there.contains(uid) || facts.may_go.contains(uid), "{uid} is lost");
        }
        assert!(there.is_disjoint(&facts.must_go), "came back: {:?}", there.intersection(&facts.must_go));
        for (uid, changes) in &facts.conditional {
            // RFC 7162 §3.1.3: whoever was let through knew of the change before.
            for ((before, _), (after, unless)) in changes.iter().zip(changes.iter().skip(1)) {
                assert!(
                    unless >= before,
                    "{uid}: changed at {before}, yet UNCHANGEDSINCE {unless} led to {after}"
                );
            }
        }
    }

    /// How much was looked at: messages, removals, conditional changes.
    pub fn counts(&self) -> (usize, usize, usize) {
        let facts = self.0.lock();
        (facts.stored.len(), facts.must_go.len(), facts.conditional.values().map(BTreeMap::len).sum())
    }
}
