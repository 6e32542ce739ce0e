//! What was opened of messages lately, in memory, for all connections of the process: a message's facts, its shape
//! and what opens its chunks. A message never changes, so neither does this.
//!
//! Invariants: found only under the account, and the seal key, that it was opened with, so nobody gets what he
//! could not open himself; bounded in bytes, the longest unused going first (what is asked for again stays
//! before what was asked for once); data keys are wiped when they go. What an erased practice or a closed account
//! had goes at once, and what was being read at that moment is not put in any more.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use zeroize::Zeroizing;

use super::seal::KEY_LEN;
use super::{BodyShape, DataKey, SealError, Store};
use crate::types::{AccountId, BodyId, SealKeyId};

/// Bytes that it takes at most, unless the operator says otherwise.
const BYTES: u64 = 64 * 1024 * 1024;
/// What an entry takes beside its facts, about: itself, its place, its key.
const ENTRY_BYTES: u64 = 256;
/// What an entry weighs in all, usually; only to begin with tables of about the right size.
const USUAL_BYTES: u64 = 2048;

/// Under what it is found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    account: AccountId,
    seal: SealKeyId,
    body: BodyId,
}

/// What is known of a message.
pub(super) struct Known {
    pub(super) shape: BodyShape,
    key: Zeroizing<[u8; KEY_LEN]>,
    /// Opened; `None`: only its bytes were read.
    pub(super) facts: Option<Bytes>,
}

impl Known {
    pub(super) fn new(shape: BodyShape, key: &DataKey, facts: Option<Bytes>) -> Self {
        Self { shape, key: key.packed(), facts }
    }

    /// Opens the message's chunks.
    pub(super) fn key(&self) -> Result<DataKey, SealError> {
        DataKey::unpacked(&self.key)
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Place, Arc<Known>> for Weight {
    fn weight(&self, _: &Place, known: &Arc<Known>) -> u64 {
        ENTRY_BYTES + known.facts.as_ref().map_or(0, |facts| facts.len() as u64)
    }
}

/// The memory itself.
pub(super) struct OpenedMessages {
    cache: Cache<Place, Arc<Known>, Weight>,
    /// How often something was taken out for good. Held while something is put in, so that nothing is after
    /// that.
    purges: RwLock<u64>,
}

impl Default for OpenedMessages {
    fn default() -> Self {
        Self::within(BYTES)
    }
}

impl OpenedMessages {
    fn within(bytes: u64) -> Self {
        let items = (bytes / USUAL_BYTES) as usize;
        Self { cache: Cache::with_weighter(items, bytes, Weight), purges: RwLock::new(0) }
    }

    /// One person's part of it. Before the seal key is asked for: what is read from then on is put in unless
    /// something was taken out meanwhile.
    pub(super) fn of(&self, account: AccountId) -> Opening<'_> {
        Opening { all: self, account, purges: *self.purges.read() }
    }

    fn purge(&self, goes: impl Fn(&Place) -> bool) {
        let mut purges = self.purges.write();
        *purges += 1;
        self.cache.retain(|place, _| !goes(place));
    }

    /// The seal key is gone, and what it opened goes.
    pub(super) fn forget_key(&self, seal: SealKeyId) {
        self.purge(|place| place.seal == seal);
    }

    /// The account is closed.
    pub(super) fn forget_account(&self, account: AccountId) {
        self.purge(|place| place.account == account);
    }

    /// Whose messages it holds.
    pub(super) fn accounts(&self) -> HashSet<AccountId> {
        self.cache.iter().map(|(place, _)| place.account).collect()
    }
}

/// Reading on behalf of one account.
pub(super) struct Opening<'a> {
    all: &'a OpenedMessages,
    account: AccountId,
    purges: u64,
}

impl Opening<'_> {
    fn place(&self, seal: SealKeyId, body: BodyId) -> Place {
        Place { account: self.account, seal, body }
    }

    pub(super) fn get(&self, seal: SealKeyId, body: BodyId) -> Option<Arc<Known>> {
        self.all.cache.get(&self.place(seal, body))
    }

    pub(super) fn facts(&self, seal: SealKeyId, body: BodyId) -> Option<Bytes> {
        self.get(seal, body)?.facts.clone()
    }

    /// Puts in what was read just now.
    pub(super) fn put(&self, seal: SealKeyId, known: Known) {
        let place = self.place(seal, known.shape.id);
        let purges = self.all.purges.read();
        if *purges == self.purges {
            self.all.cache.insert(place, Arc::new(known));
        }
    }
}

impl Store {
    /// Most memory, in bytes, of what was opened of messages lately; 0: nothing is kept.
    pub fn set_opened_memory(&self, bytes: u64) {
        self.0.opened.cache.set_capacity(bytes);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ANNA: AccountId = AccountId(1);
    const BEN: AccountId = AccountId(2);
    const KEY: SealKeyId = SealKeyId(1);

    fn body(n: u128) -> BodyId {
        BodyId(Uuid::from_u128(n))
    }

    fn known(n: u128, facts: usize) -> Known {
        let shape = BodyShape { id: body(n), size: 10, chunk_size: 10 };
        Known::new(shape, &DataKey::random().unwrap(), Some(vec![n as u8; facts].into()))
    }

    #[test]
    fn it_is_found_by_who_opened_it_alone() {
        let all = OpenedMessages::default();
        let key = DataKey::random().unwrap();
        let shape = BodyShape { id: body(1), size: 3, chunk_size: 10 };
        let sealed = key.seal_chunk(body(1), 0, b"abc").unwrap();
        all.of(ANNA).put(KEY, Known::new(shape, &key, Some(b"facts".as_slice().into())));
        let found = all.of(ANNA).get(KEY, body(1)).unwrap();
        assert_eq!(found.key().unwrap().open_chunk(body(1), 0, sealed).unwrap(), b"abc");
        assert_eq!(all.of(ANNA).facts(KEY, body(1)).unwrap(), b"facts".as_slice());
        // The same message, another person of the practice; the same person under another key.
        assert!(all.of(BEN).get(KEY, body(1)).is_none());
        assert!(all.of(ANNA).get(SealKeyId(2), body(1)).is_none());
    }

    #[test]
    fn it_takes_no_more_than_it_may() {
        let bytes = 1024 * 1024;
        let all = OpenedMessages::within(bytes);
        for n in 0..5000 {
            all.of(ANNA).put(KEY, known(n, 1000 + (n as usize % 7) * 300));
            assert!(all.cache.weight() <= bytes);
        }
        assert!(all.cache.weight() > bytes / 2, "it is made use of");
        all.cache.set_capacity(0);
        assert_eq!(all.cache.weight(), 0);
        all.of(ANNA).put(KEY, known(1, 10));
        assert!(all.of(ANNA).get(KEY, body(1)).is_none());
    }

    #[test]
    fn what_goes_for_good_does_not_come_back() {
        let all = OpenedMessages::default();
        let (early, bens) = (all.of(ANNA), all.of(BEN));
        early.put(KEY, known(1, 10));
        bens.put(SealKeyId(2), known(1, 10));
        assert_eq!(all.accounts(), HashSet::from([ANNA, BEN]));
        all.forget_key(KEY);
        assert!(all.of(ANNA).get(KEY, body(1)).is_none());
        assert!(all.of(BEN).get(SealKeyId(2), body(1)).is_some());
        // Who began to read before that comes too late.
        early.put(KEY, known(2, 10));
        assert!(all.of(ANNA).get(KEY, body(2)).is_none());
        all.forget_account(BEN);
        assert_eq!(all.accounts(), HashSet::new());
    }
}
