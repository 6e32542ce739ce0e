//! Messages that were read a moment ago for the index of one mailbox: what is sent lies in two.
//!
//! Invariants: bounded, and gone when a look is over. Whoever takes a message has an entry that is tied to it. What is there
//! makes no room for what comes: a mailbox is indexed as a whole, so its messages are asked for when those of
//! all senders, or of all recipients, have gone by.

use bytes::Bytes;
use foldhash::HashMap;

use crate::store::BodyReader;
use crate::types::BodyId;

/// Bytes kept at most.
const BYTES: u64 = 16 * 1024 * 1024;
/// Of a message that is kept, at most; its first chunk holds it whole.
const EACH: u64 = 64 * 1024;
/// What a message takes beside its bytes and facts.
const BESIDE: u64 = 1024;

/// A message's facts and bytes.
pub(super) type Whole = (Bytes, BodyReader);

#[derive(Default)]
pub(super) struct Lately {
    messages: HashMap<BodyId, Whole>,
    bytes: u64,
}

impl Lately {
    /// It is asked for once.
    pub fn take(&mut self, body: BodyId) -> Option<Whole> {
        let whole = self.messages.remove(&body)?;
        self.bytes -= bytes(&whole);
        Some(whole)
    }

    /// Keeps it, if there is room.
    pub fn put(&mut self, body: BodyId, whole: Whole) {
        let more = bytes(&whole);
        if more <= EACH && self.bytes + more <= BYTES && self.messages.insert(body, whole).is_none() {
            self.bytes += more;
        }
    }
}

fn bytes((facts, reader): &Whole) -> u64 {
    facts.len() as u64 + reader.size() + BESIDE
}
