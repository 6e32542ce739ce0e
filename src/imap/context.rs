//! Searches whose results are kept up to date (RFC 5267 §4.3): what came to match is told by ADDTO, what
//! no longer does by REMOVEFROM. Pure: says what changes, given which messages match now.
//!
//! Invariant: what a client was told, applied in order, is what the search would find now among the
//! messages that the client knows of.

use super::codec::encode::{number, set};
use super::command::{By, FetchItem, SearchKey};
use super::view::Changes;
use crate::service::sort::Sorted;
use crate::types::{ModSeq, SeqNum};

/// Contexts of one session; one more is refused with NOUPDATE.
pub const CONTEXTS: usize = 16;
/// Results of all of them together.
pub const RESULTS: usize = 100_000;

/// One search that is kept.
#[derive(Debug)]
pub struct Context {
    /// The searching command's.
    pub tag: String,
    /// What says so in a response: `TAG "B01"`, of ESEARCH the mailbox too (RFC 7377 §2.1).
    pub correlators: Vec<u8>,
    /// What the client counts by.
    pub by: By,
    /// What matches; sequence numbers are written out as UIDs.
    pub key: SearchKey,
    /// What the client was told.
    pub results: Results,
    /// Changes up to here are told.
    pub modseq: ModSeq,
    /// Messages below this UID are known.
    pub next_uid: u32,
    /// What is fetched of new messages that match (RFC 5465 §7).
    pub update_items: Vec<FetchItem>,
}

/// UIDs, in the order of the search.
#[derive(Debug)]
pub enum Results {
    /// SEARCH: ascending.
    InMailboxOrder(Vec<u32>),
    /// SORT
    Sorted(Sorted),
}

impl Results {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::InMailboxOrder(uids) => uids.len(),
            Self::Sorted(sorted) => sorted.len(),
        }
    }

    /// The UIDs, ascending.
    pub fn ascending(&self) -> Vec<u32> {
        match self {
            Self::InMailboxOrder(uids) => uids.clone(),
            Self::Sorted(sorted) => {
                let mut uids: Vec<u32> = sorted.uids().collect();
                uids.sort_unstable();
                uids
            }
        }
    }

    /// Takes these out, which ascend; position (0 where order is the mailbox's) and UIDs, to be told.
    pub fn remove(&mut self, gone: &[u32]) -> Vec<(usize, Vec<u32>)> {
        match self {
            Self::InMailboxOrder(uids) => {
                let there: Vec<u32> =
                    gone.iter().copied().filter(|uid| uids.binary_search(uid).is_ok()).collect();
                if there.is_empty() {
                    return Vec::new();
                }
                uids.retain(|uid| there.binary_search(uid).is_err());
                vec![(0, there)]
            }
            Self::Sorted(sorted) => {
                sorted.remove(gone).into_iter().map(|(at, uid)| (at + 1, vec![uid])).collect()
            }
        }
    }

    /// Puts these in, which ascend and are not there yet.
    pub fn add_in_mailbox_order(&mut self, new: &[u32]) -> Vec<(usize, Vec<u32>)> {
        let Self::InMailboxOrder(uids) = self else { return Vec::new() };
        if new.is_empty() {
            return Vec::new();
        }
        uids.extend_from_slice(new);
        uids.sort_unstable();
        vec![(0, new.to_vec())]
    }

    /// Puts these in, each where it belongs.
    pub fn add_sorted(&mut self, new: Sorted) -> Vec<(usize, Vec<u32>)> {
        let Self::Sorted(sorted) = self else { return Vec::new() };
        sorted.insert(new).into_iter().map(|(at, uid)| (at + 1, vec![uid])).collect()
    }
}

/// REMOVEFROM for what is about to be told as expunged, while its numbers still hold (§4.3.4).
pub fn tell_expunged(contexts: &mut [Context], changes: &Changes, out: &mut Vec<u8>) {
    // The numbers run from the highest down, the UIDs up.
    let was = |uid: u32| {
        let at = changes.vanished.binary_search(&uid).ok()?;
        changes.expunged.iter().rev().nth(at).copied().map(SeqNum::get)
    };
    for context in contexts {
        let removed = context.results.remove(&changes.vanished);
        let by = context.by;
        let name = |uid| if by == By::Uid { Some(uid) } else { was(uid) };
        update_response(&context.correlators, by, "REMOVEFROM", &removed, name, out);
    }
}

/// `* ESEARCH (TAG "B01") UID ADDTO (0 32768:32769)`; nothing for no changes. `name` says what number the
/// client knows a message by.
pub fn update_response(
    correlators: &[u8],
    by: By,
    word: &str,
    changes: &[(usize, Vec<u32>)],
    name: impl Fn(u32) -> Option<u32>,
    out: &mut Vec<u8>,
) {
    if changes.is_empty() {
        return;
    }
    out.extend_from_slice(b"* ESEARCH (");
    out.extend_from_slice(correlators);
    out.push(b')');
    if by == By::Uid {
        out.extend_from_slice(b" UID");
    }
    out.extend_from_slice(format!(" {word} (").as_bytes());
    let mut first = true;
    for (position, uids) in changes {
        let numbers: Vec<u32> = uids.iter().filter_map(|uid| name(*uid)).collect();
        if numbers.is_empty() {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push(b' ');
        }
        number(*position as u64, out);
        out.push(b' ');
        set(numbers, out);
    }
    out.extend_from_slice(b")\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_tell_sets() {
        let mut results = Results::InMailboxOrder(vec![2, 5, 9]);
        assert_eq!(results.remove(&[1, 5, 6, 9]), [(0, vec![5, 9])]);
        assert!(results.remove(&[5]).is_empty());
        assert_eq!(results.add_in_mailbox_order(&[1, 3]), [(0, vec![1, 3])]);
        assert_eq!((results.ascending(), results.len()), (vec![1, 2, 3], 3));
    }

    #[test]
    fn as_the_rfc_writes_it() {
        let mut out = Vec::new();
        update_response(b"TAG \"B01\"", By::Uid, "ADDTO", &[(0, vec![32768, 32769])], Some, &mut out);
        update_response(
            b"TAG \"C01\"",
            By::Sequence,
            "REMOVEFROM",
            &[(1, vec![7]), (3, vec![2])],
            |n| Some(n * 2),
            &mut out,
        );
        update_response(b"TAG \"D01\"", By::Uid, "ADDTO", &[], Some, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "* ESEARCH (TAG \"B01\") UID ADDTO (0 32768:32769)\r\n\
             * ESEARCH (TAG \"C01\") REMOVEFROM (1 14 3 4)\r\n"
        );
    }
}
