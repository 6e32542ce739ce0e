//! The selected mailbox of one connection: the shared state, this client's view of it, and the telling of
//! what changed.

use std::ops::Range;
use std::sync::Arc;

use tokio::sync::watch;

use super::codec::encode::FetchWriter;
use super::command::{By, MessageSet};
use super::context::Context;
use super::reply::Reply;
use super::session::{Access, Enabled};
use super::view::{Changes, Expunges, FlagsSeen, View};
use super::write;
use crate::service::mailbox::{LiveMailbox, Row};
use crate::types::{Flags, Keyword, MailboxId, MailboxName, ModSeq, SeqNum, uid_ranges};

/// See the module text.
pub struct Selected {
    /// Which one.
    pub id: MailboxId,
    /// As it was called when it was selected.
    pub name: MailboxName,
    /// Shared by everybody who has it open.
    pub live: Arc<LiveMailbox>,
    /// Whether it may be changed.
    pub access: Access,
    /// This client's numbering.
    pub view: View,
    /// SEARCHRES (RFC 5182): UIDs.
    pub saved: Vec<u32>,
    /// Searches that are kept up to date (RFC 5267).
    pub contexts: Vec<Context>,
    /// Ticks when `live` changed.
    pub changes: watch::Receiver<ModSeq>,
    /// Keywords that a FLAGS response named.
    pub keywords_told: usize,
    /// UIDs that this session brought here and that were not told of yet.
    pub own_new: Vec<u32>,
}

/// What of a view a command names: positions in it, ascending and disjoint.
pub type Positions = Vec<Range<usize>>;

impl Selected {
    /// The view positions that a message set names.
    ///
    /// # Errors
    /// BAD for a sequence number that no message has (RFC 9051 §9 `seq-number`); UIDs that nobody has
    /// are no error (§6.4.9).
    pub fn positions(&self, set: &MessageSet, by: By) -> Result<Positions, Reply> {
        let uids = self.view.uids();
        let numbers = match set {
            MessageSet::Saved => {
                let at = self.saved.iter().filter_map(|uid| uids.binary_search(uid).ok());
                let ranges = uid_ranges(at.map(|i| i as u32));
                return Ok(ranges.into_iter().map(|(lo, hi)| lo as usize..hi as usize + 1).collect());
            }
            MessageSet::Numbers(numbers) => numbers,
        };
        if by == By::Uid {
            let ranges = numbers.resolve(self.view.last_uid().unwrap_or(0));
            let at = |(lo, hi): (u32, u32)| {
                uids.partition_point(|&uid| uid < lo)..uids.partition_point(|&uid| uid <= hi)
            };
            return Ok(ranges.into_iter().map(at).filter(|r| !r.is_empty()).collect());
        }
        let exists = self.view.exists();
        if exists == 0 || numbers.highest().is_some_and(|n| n > exists) {
            return Err(Reply::bad("there is no message with that number"));
        }
        let ranges = numbers.resolve(exists);
        Ok(ranges.into_iter().map(|(lo, hi)| lo as usize - 1..hi as usize).collect())
    }

    /// The UIDs at these positions.
    pub fn uids_at(&self, positions: &[Range<usize>]) -> Vec<u32> {
        positions.iter().flat_map(|r| &self.view.uids()[r.clone()]).copied().collect()
    }

    /// Number and row of the messages at these positions, as far as they can still be read.
    pub fn rows_at(&self, positions: impl Iterator<Item = usize>) -> Vec<(SeqNum, Row)> {
        self.live.read(|now| {
            positions
                .filter_map(|at| {
                    let seq = SeqNum::new(at as u32 + 1)?;
                    let row = self.view.row(now, *self.view.uids().get(at)?)?;
                    Some((seq, row))
                })
                .collect()
        })
    }

    /// The mailbox's keywords as they are now; when one is new, appends FLAGS first, so that no FETCH
    /// names a flag that the client has not heard of.
    pub fn tell_keywords(&mut self, out: &mut Vec<u8>) -> Vec<(u8, Keyword)> {
        let keywords = self.live.read(|now| now.keywords.clone());
        if keywords.len() > self.keywords_told {
            self.keywords_told = keywords.len();
            flags_response(&keywords, out);
            // RFC 9051 §7.1: a flag of FLAGS that is not among these cannot be changed for good; and that there can be
            // no further one is told when it comes true.
            if self.access == Access::ReadWrite {
                permanent_flags(&keywords, out);
            }
        }
        keywords
    }

    /// Of the UIDs that came new (a half-open range) those that others brought; the own are forgotten.
    pub fn take_new(&mut self, new: Option<(u32, u32)>) -> Vec<u32> {
        let Some((from, to)) = new else { return Vec::new() };
        let mut own = std::mem::take(&mut self.own_new);
        own.sort_unstable();
        let uids = self.view.uids();
        let come = &uids[uids.partition_point(|uid| *uid < from)..uids.partition_point(|uid| *uid < to)];
        come.iter().copied().filter(|uid| own.binary_search(uid).is_err()).collect()
    }

    /// Compares the view with the mailbox; when a keyword is new, appends FLAGS and PERMANENTFLAGS.
    pub fn catch_up(&mut self, expunges: Expunges, out: &mut Vec<u8>) -> (Changes, Vec<(u8, Keyword)>) {
        let changes = self.live.read(|now| self.view.catch_up(now, expunges));
        let keywords = if changes.flags.is_empty() { Vec::new() } else { self.tell_keywords(out) };
        (changes, keywords)
    }
}

/// `* FLAGS (…)`: the flags that this mailbox knows (RFC 9051 §7.3.5).
pub fn flags_response(keywords: &[(u8, Keyword)], out: &mut Vec<u8>) {
    out.extend_from_slice(b"* FLAGS ");
    let system = crate::types::SystemFlag::ALL.iter().map(|f| f.as_str());
    write::words(system.chain(keywords.iter().map(|(_, k)| k.as_str())), out);
    out.extend_from_slice(b"\r\n");
}

/// Keywords that one mailbox can have.
const KEYWORDS: usize = {
    let bits = Flags::KEYWORD_BITS;
    (*bits.end() - *bits.start() + 1) as usize
};

/// `* OK [PERMANENTFLAGS (…)]` of a mailbox that may be changed; with `\*` while there is room for a keyword.
pub fn permanent_flags(keywords: &[(u8, Keyword)], out: &mut Vec<u8>) {
    out.extend_from_slice(b"* OK [PERMANENTFLAGS ");
    let system = crate::types::SystemFlag::ALL.iter().map(|f| f.as_str());
    let named = keywords.iter().map(|(_, k)| k.as_str());
    let new = (keywords.len() < KEYWORDS).then_some("\\*");
    write::words(system.chain(named).chain(new), out);
    out.extend_from_slice(b"] flags that stay\r\n");
}

/// How flags are told to this client.
#[derive(Clone, Copy)]
pub struct Telling {
    /// With MODSEQ.
    pub condstore: bool,
    /// With `\Recent`.
    pub recent: bool,
    /// With the UID, also where nobody asked for it.
    pub uid: bool,
    /// UIDFETCH stands for FETCH (RFC 9586).
    pub uid_only: bool,
}

impl Telling {
    /// As the client turned on.
    pub fn to(enabled: Enabled) -> Self {
        // Who knows of CONDSTORE or IMAP4rev2 knows what to do with a UID (RFC 7162 §3.2.4 asks for it);
        // others get what they always got.
        let uid = (enabled.condstore || enabled.rev2) && !enabled.uid_only;
        Self { condstore: enabled.condstore, recent: !enabled.rev2, uid, uid_only: enabled.uid_only }
    }

    /// In answer to this command: a UID command is answered with UIDs (RFC 9051 §6.4.9).
    #[must_use]
    pub fn by(self, by: By) -> Self {
        Self { uid: self.uid || (by == By::Uid && !self.uid_only), ..self }
    }

    /// Begins the response about a message: by its number, or with UIDONLY by its UID.
    pub fn begin(self, seq: SeqNum, uid: u32, out: &mut Vec<u8>) -> FetchWriter<'_> {
        if self.uid_only { FetchWriter::begin_uid(uid, out) } else { FetchWriter::begin(seq.get(), out) }
    }
}

/// `FLAGS (\Seen)`.
pub fn flags_item(
    view: &View,
    uid: u32,
    flags: Flags,
    keywords: &[(u8, Keyword)],
    telling: Telling,
    fetch: &mut FetchWriter<'_>,
) {
    write::flag_list(flags, telling.recent && view.is_recent(uid), keywords, fetch.item("FLAGS"));
}

/// `* 3 FETCH (UID 7 FLAGS (\Seen) MODSEQ (99))`.
pub fn flags_fetch(
    view: &View,
    told: &FlagsSeen,
    keywords: &[(u8, Keyword)],
    telling: Telling,
    out: &mut Vec<u8>,
) {
    let mut fetch = telling.begin(told.seq, told.uid, out);
    if telling.uid {
        fetch.number("UID", told.uid.into());
    }
    flags_item(view, told.uid, told.flags, keywords, telling, &mut fetch);
    if telling.condstore {
        fetch.mod_seq(told.modseq);
    }
    fetch.finish();
}
