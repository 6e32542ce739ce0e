//! What a SELECT needs to know of all messages of a mailbox, found once for each state of it.
//!
//! Invariant: what is kept is of the mod-sequence it is kept under; a mailbox changes by raising its own.

use std::sync::Arc;

use parking_lot::Mutex;

use super::live::MailboxState;
use crate::types::{ModSeq, SystemFlag};

/// See the module text.
#[derive(Clone, Debug)]
pub struct Opening {
    /// All UIDs, ascending.
    pub uids: Arc<Vec<u32>>,
    /// The place of the first message without `\Seen`, counted from 0.
    pub first_unseen: Option<usize>,
}

impl Opening {
    fn of(state: &MailboxState) -> Self {
        let unseen = |row: &super::Row| !row.flags.has(SystemFlag::Seen);
        Self {
            uids: Arc::new(state.rows.iter().map(|row| row.uid).collect()),
            first_unseen: state.rows.iter().position(unseen),
        }
    }
}

/// The last one that was asked for.
#[derive(Default)]
pub(super) struct LastOpening(Mutex<Option<(ModSeq, Opening)>>);

impl LastOpening {
    /// Of this state.
    pub(super) fn of(&self, state: &MailboxState) -> Opening {
        let mut last = self.0.lock();
        match &*last {
            Some((modseq, opening)) if *modseq == state.highestmodseq => opening.clone(),
            _ => {
                let opening = Opening::of(state);
                *last = Some((state.highestmodseq, opening.clone()));
                opening
            }
        }
    }

    /// There is a newer state: nobody asks for this one any more.
    pub(super) fn forget(&self) {
        drop(self.0.lock().take());
    }
}
