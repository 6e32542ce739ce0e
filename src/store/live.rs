//! The state of an open mailbox, once per process, shared by every connection that has it open.
//!
//! Invariants: the rows are what the database held at `highestmodseq`, complete; they are loaded once,
//! by one statement, and then brought up to date by what changed after that (one statement, which
//! reads one row when nothing did). Because modseqs are assigned in commit order, nothing can appear
//! at or below a modseq that was read. When the change log no longer reaches back far enough, all is
//! loaded anew. What nobody has open any more is kept for a while, the longest unused going first, within
//! [`KEPT_BYTES`]; while it is only kept nobody brings it up to date, the next to open it does.
//!
//! Figures: 56 bytes a message. Cold load 1 statement; refresh 1 statement; neither inside a lock that
//! a reader waits for.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::mail_error::MailError;
use super::mailbox_load::{By, Delta, Held, Since, Whole};
use super::opening::{LastOpening, Opening};
use super::recent_changes::RecentChanges;
use super::snapshots::is_worth_it;
use super::{Inner, Origin, Store, StoreError, known_flags};
use crate::types::{AccountId, BodyId, Flags, Keyword, MailboxId, MailboxName, ModSeq, UidValidity};

/// Expunged messages remembered for sessions that have not told their client yet.
const EXPUNGED_MAX: usize = 4096;
/// Most memory of mailboxes that were opened lately, in bytes; those that are open now may come on top.
const KEPT_BYTES: usize = 64 * 1024 * 1024;
/// Most of them.
const KEPT_MOST: usize = 1024;

/// One message in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its UID.
    pub uid: u32,
    /// System flags and keyword bits; [`MailboxState::keywords`] names the bits.
    pub flags: Flags,
    /// When it last changed.
    pub modseq: ModSeq,
    /// RFC822.SIZE in bytes.
    pub size: u64,
    /// INTERNALDATE in Unix seconds.
    pub internal_date: i64,
    /// Its content; nothing is read under the body of an entry that was changed (`store/ties.rs`).
    pub body: BodyId,
}

/// What a mailbox holds at [`MailboxState::highestmodseq`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxState {
    /// UIDVALIDITY.
    pub uidvalidity: UidValidity,
    /// UIDNEXT.
    pub uidnext: u32,
    /// The state is complete up to here.
    pub highestmodseq: ModSeq,
    /// Ascending by uid.
    pub rows: Vec<Row>,
    /// The most recently expunged, ascending by the modseq at which they went.
    pub expunged: VecDeque<(ModSeq, Row)>,
    /// What went at or below this modseq may be missing in `expunged`.
    pub expunged_from: ModSeq,
    /// What came or changed lately.
    pub recent: RecentChanges,
    /// The mailbox's keywords, ascending by bit. A keyword never changes its bit.
    pub keywords: Vec<(u8, Keyword)>,
    /// It was deleted; nothing changes any more.
    pub gone: bool,
}

impl MailboxState {
    /// The message with this uid.
    pub fn row(&self, uid: u32) -> Option<&Row> {
        self.position(uid).map(|at| &self.rows[at])
    }

    /// Its index in [`MailboxState::rows`].
    pub fn position(&self, uid: u32) -> Option<usize> {
        self.rows.binary_search_by_key(&uid, |r| r.uid).ok()
    }

    /// Messages that came or changed after `modseq`, ascending by uid.
    pub fn changed_since(&self, modseq: ModSeq) -> impl Iterator<Item = &Row> {
        let (lately, all) = match self.recent.since(modseq) {
            Some(uids) => (uids, &[][..]),
            None => (Vec::new(), &self.rows[..]),
        };
        let lately = lately.into_iter().filter_map(|uid| self.row(uid));
        lately.chain(all).filter(move |r| r.modseq > modseq)
    }

    /// Messages that went after `modseq`, in the order they went; `None` when this no longer reaches
    /// back that far: then compare uids.
    pub fn expunged_since(&self, modseq: ModSeq) -> Option<impl Iterator<Item = &Row>> {
        (modseq >= self.expunged_from)
            .then(|| self.expunged.iter().skip_while(move |(at, _)| *at <= modseq).map(|(_, row)| row))
    }

    /// The bit of a keyword, if the mailbox has it.
    pub fn keyword_bit(&self, keyword: &Keyword) -> Option<u8> {
        self.keywords.iter().find(|(_, k)| k == keyword).map(|(bit, _)| *bit)
    }

    /// Brings the state up to date.
    pub(super) fn apply(&mut self, delta: Delta) {
        for (modseq, uids) in delta.expunged {
            let within = |uid: u32| uids.get(uids.partition_point(|r| r.1 < uid)).is_some_and(|r| r.0 <= uid);
            let (Some(lo), Some(hi)) = (uids.first().map(|r| r.0), uids.last().map(|r| r.1)) else {
                continue;
            };
            // What came and went between two looks (through another gateway, where a client may have read it)
            // is not in `rows`: only the log in the database tells of it.
            if hi >= self.uidnext {
                self.expunged_from = self.expunged_from.max(modseq);
            }
            let start = self.rows.partition_point(|r| r.uid < lo);
            let end = self.rows.partition_point(|r| r.uid <= hi);
            if uids.len() == 1 {
                self.expunged.extend(self.rows.drain(start..end).map(|row| (modseq, row)));
            } else {
                let mut tail = self.rows.split_off(start);
                let rest = tail.split_off(end - start);
                for row in tail {
                    if within(row.uid) {
                        self.expunged.push_back((modseq, row));
                    } else {
                        self.rows.push(row);
                    }
                }
                self.rows.extend(rest);
            }
        }
        while self.expunged.len() > EXPUNGED_MAX {
            if let Some((modseq, _)) = self.expunged.pop_front() {
                self.expunged_from = self.expunged_from.max(modseq);
            }
        }
        self.recent.note(delta.highestmodseq, delta.rows.iter().map(|row| row.uid));
        for row in delta.rows {
            match self.rows.binary_search_by_key(&row.uid, |r| r.uid) {
                Ok(at) => self.rows[at] = row,
                Err(at) => self.rows.insert(at, row),
            }
        }
        self.keywords.extend(delta.keywords);
        self.uidvalidity = delta.uidvalidity;
        self.uidnext = delta.uidnext;
        self.highestmodseq = delta.highestmodseq;
    }
}

/// A mailbox that somebody has open, or had lately.
pub struct LiveMailbox {
    /// Weak, since the store keeps it.
    store: Weak<Inner>,
    origin: Arc<Origin>,
    account: AccountId,
    id: MailboxId,
    /// At modseq 0 until loaded.
    state: RwLock<MailboxState>,
    changes: watch::Sender<ModSeq>,
    /// Held while a statement runs, so that callers at the same time share one.
    running: tokio::sync::Mutex<()>,
    asked: AtomicU64,
    answered: AtomicU64,
    /// A refresh in the background is about to start, and the latest ticket it is for.
    soon: AtomicBool,
    soon_for: AtomicU64,
    /// `\Recent` of all messages below this is somebody's already, as far as this process knows.
    recent_taken: AtomicU32,
    opening: LastOpening,
    /// Changes of rows that its snapshot does not have, about; and whether a new one is asked for.
    unsaved: AtomicUsize,
    snapshot_asked: AtomicBool,
    /// The name that it was opened by, as its keyed hash.
    name: Mutex<Option<[u8; 32]>>,
    /// One reference is the registry's. Set after that was made, cleared before it goes.
    kept: AtomicBool,
    itself: Weak<Self>,
}

impl LiveMailbox {
    fn unloaded(store: &Store, account: AccountId, id: MailboxId, itself: Weak<Self>) -> Self {
        let state = MailboxState {
            uidvalidity: UidValidity(std::num::NonZeroU32::MIN),
            uidnext: 1,
            highestmodseq: ModSeq(0),
            rows: Vec::new(),
            expunged: VecDeque::new(),
            expunged_from: ModSeq(0),
            recent: RecentChanges::after(ModSeq(0)),
            keywords: Vec::new(),
            gone: false,
        };
        Self {
            store: Arc::downgrade(&store.0),
            origin: Arc::clone(&store.1),
            account,
            id,
            state: RwLock::new(state),
            changes: watch::Sender::new(ModSeq(0)),
            running: tokio::sync::Mutex::new(()),
            asked: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            soon: AtomicBool::new(false),
            soon_for: AtomicU64::new(0),
            recent_taken: AtomicU32::new(0),
            opening: LastOpening::default(),
            unsaved: AtomicUsize::new(0),
            snapshot_asked: AtomicBool::new(false),
            name: Mutex::new(None),
            kept: AtomicBool::new(false),
            itself,
        }
    }

    /// Whether somebody has it open; `ours` references are the caller's own. Says yes for a moment too long
    /// sometimes, never no too soon: who opens it from now on brings it up to date first.
    fn is_open(self: &Arc<Self>, ours: usize) -> bool {
        let kept = usize::from(self.kept.load(Ordering::SeqCst));
        Arc::strong_count(self) > ours + kept
    }

    /// Memory that it takes, in bytes, about.
    fn weight(&self) -> usize {
        // With its UIDs once more: what a SELECT shows is found after this is asked.
        let each = size_of::<Row>() + size_of::<u32>();
        self.read(|s| size_of::<Self>() + s.rows.capacity() * each + s.recent.weight())
    }

    /// Whether `\Recent` of everything below `uidnext` is known to be taken.
    pub(super) fn is_recent_taken(&self, uidnext: u32) -> bool {
        self.recent_taken.load(Ordering::Relaxed) >= uidnext
    }

    /// Notes that it is.
    pub(super) fn recent_taken(&self, uidnext: u32) {
        self.recent_taken.fetch_max(uidnext, Ordering::Relaxed);
    }

    /// Whose it is.
    pub fn account(&self) -> AccountId {
        self.account
    }

    /// Which mailbox it is.
    pub fn id(&self) -> MailboxId {
        self.id
    }

    /// How far the state is complete.
    pub fn known(&self) -> ModSeq {
        self.state.read().highestmodseq
    }

    /// Looks at the state. Keep it short and do not wait inside: a writer stands behind.
    pub fn read<T>(&self, look: impl FnOnce(&MailboxState) -> T) -> T {
        look(&self.state.read())
    }

    /// Looks at the state, and what a SELECT needs to know of it.
    pub fn open<T>(&self, look: impl FnOnce(&MailboxState, Opening) -> T) -> T {
        let state = self.state.read();
        let opening = self.opening.of(&state);
        look(&state, opening)
    }

    /// Ticks when the state changed, also when the mailbox is gone. A tick says no more than "look".
    pub fn changes(&self) -> watch::Receiver<ModSeq> {
        self.changes.subscribe()
    }

    /// Brings the state up to date with everything committed before this call: one statement, shared
    /// with others who ask at the same time.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`] once it was deleted; the state then stays as it was, with `gone` set.
    pub async fn refresh(&self) -> Result<(), MailError> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.refreshed_since(mine).await
    }

    /// Refreshes unless somebody did it after ticket `mine` was taken.
    async fn refreshed_since(&self, mine: u64) -> Result<(), MailError> {
        let _running = self.running.lock().await;
        if self.read(|s| s.gone) {
            return Err(MailError::NoMailbox);
        }
        if self.answered.load(Ordering::SeqCst) >= mine {
            return Ok(());
        }
        let upto = self.asked.load(Ordering::SeqCst);
        self.bring_up_to_date(By::Id).await?;
        self.answered.fetch_max(upto, Ordering::SeqCst);
        Ok(())
    }

    /// As [`refresh`](Self::refresh), and the same statement tells whether this is still the mailbox of that name.
    async fn refresh_named(&self, name: &[u8]) -> Result<bool, MailError> {
        let _running = self.running.lock().await;
        if self.read(|s| s.gone || s.highestmodseq == ModSeq(0)) {
            return Ok(false);
        }
        let upto = self.asked.load(Ordering::SeqCst);
        let same = self.bring_up_to_date(By::Name(name)).await?;
        if same {
            self.answered.fetch_max(upto, Ordering::SeqCst);
        }
        Ok(same)
    }

    /// Refreshes in the background; several calls before it starts are one.
    pub(super) fn refresh_soon(&self) {
        let Some(this) = self.itself.upgrade() else { return };
        // The ticket before the flag: whoever finds the flag up has left its ticket to be found.
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.soon_for.fetch_max(mine, Ordering::SeqCst);
        if self.soon.swap(true, Ordering::SeqCst) {
            return;
        }
        tokio::spawn(async move {
            this.soon.store(false, Ordering::SeqCst);
            let mine = this.soon_for.load(Ordering::SeqCst);
            match this.refreshed_since(mine).await {
                Ok(()) | Err(MailError::NoMailbox) => {}
                // The next poll asks again.
                Err(error) => tracing::warn!(%error, mailbox = %this.id, "a mailbox could not be refreshed"),
            }
        });
    }

    /// One statement: what is new, or everything. `false`: it is another mailbox that has this name.
    async fn bring_up_to_date(&self, by: By<'_>) -> Result<bool, MailError> {
        let held = self.read(|s| Held {
            account: self.account,
            mailbox: self.id,
            modseq: s.highestmodseq,
            uidnext: s.uidnext,
            bit: s.keywords.last().map_or(0, |(bit, _)| *bit),
        });
        let inner = self.store.upgrade().ok_or(StoreError::Database(sqlx::Error::PoolClosed))?;
        let store = Store(inner, Arc::clone(&self.origin));
        if held.modseq == ModSeq(0) {
            let Some(Whole { state, since_snapshot }) = store.mailbox_whole(self.account, self.id).await?
            else {
                return Err(self.is_gone());
            };
            let rows = state.rows.len();
            let now = state.highestmodseq;
            *self.state.write() = state;
            self.changes.send_replace(now);
            self.changed_rows(&store, rows, since_snapshot.unwrap_or(rows));
            return Ok(true);
        }
        let delta = match store.mailbox_since(held, by).await? {
            Since::Nothing => return Ok(true),
            Since::Another => return Ok(false),
            Since::NotSelectable => return Err(MailError::NotSelectable),
            // Under this name there is none; this one may have another by now.
            Since::Gone if matches!(by, By::Name(_)) => return Err(MailError::NoMailbox),
            Since::Gone => return Err(self.is_gone()),
            Since::Changed(delta) => *delta,
        };
        let now = delta.highestmodseq;
        let mut changed = delta.len();
        let (rows, old) = {
            let mut state = self.state.write();
            // A STORE of our own went on meanwhile: what is older than that is here already.
            if state.highestmodseq != held.modseq && now <= state.highestmodseq {
                return Ok(true);
            }
            let mut old = None;
            if delta.whole {
                old = Some(std::mem::replace(&mut *state, delta.into_state()));
                changed = state.rows.len();
            } else {
                state.apply(delta);
            }
            (state.rows.len(), old)
        };
        // Outside the lock: it may be large.
        drop(old);
        self.opening.forget();
        self.changes.send_replace(now);
        self.changed_rows(&store, rows, changed);
        Ok(true)
    }

    /// The flags of these messages, ascending by uid, were changed at the mod-sequence after `known`, and
    /// nothing else was.
    pub(super) fn flags_changed(&self, store: &Store, known: ModSeq, changed: &[(u32, Flags, ModSeq)]) {
        let now = ModSeq(known.0 + 1);
        let rows = {
            let mut state = self.state.write();
            // Else a refresh has brought it.
            if state.highestmodseq != known {
                return;
            }
            known_flags::write(&mut state.rows, changed);
            state.recent.note(now, changed.iter().map(|(uid, ..)| *uid));
            state.highestmodseq = now;
            state.rows.len()
        };
        self.opening.forget();
        self.changes.send_replace(now);
        self.changed_rows(store, rows, changed.len());
    }

    /// It was deleted.
    fn is_gone(&self) -> MailError {
        self.state.write().gone = true;
        self.changes.send_modify(|_| {});
        MailError::NoMailbox
    }

    /// Counts what its snapshot does not have, and asks for a new one when that is worth it.
    fn changed_rows(&self, store: &Store, rows: usize, changed: usize) {
        let before = self.unsaved.fetch_add(changed, Ordering::Relaxed);
        if is_worth_it(rows, before.saturating_add(changed))
            && !self.snapshot_asked.swap(true, Ordering::SeqCst)
            && !store.0.snapshots.ask(self.itself.clone())
        {
            self.snapshot_asked.store(false, Ordering::SeqCst);
        }
    }

    /// A snapshot is about to be taken of it: how many changes it is for.
    pub(super) fn snapshot_begins(&self) -> usize {
        self.snapshot_asked.store(false, Ordering::SeqCst);
        self.unsaved.swap(0, Ordering::Relaxed)
    }

    /// It was not written.
    pub(super) fn snapshot_failed(&self, counted: usize) {
        self.unsaved.fetch_add(counted, Ordering::Relaxed);
    }
}

/// A column's UIDVALIDITY.
pub(super) fn uidvalidity(column: i64) -> Result<UidValidity, StoreError> {
    let number = u32::try_from(column).ok().and_then(UidValidity::new);
    number.ok_or(StoreError::Corrupt("mailbox.uidvalidity"))
}

impl Drop for LiveMailbox {
    fn drop(&mut self) {
        if let Some(store) = self.store.upgrade() {
            store.hub.registry.forget(self);
        }
    }
}

impl std::fmt::Debug for LiveMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LiveMailbox({})", self.id)
    }
}

/// The mailboxes that are open in this process, and those that were lately.
#[derive(Default)]
pub(super) struct Registry {
    open: Mutex<HashMap<MailboxId, Weak<LiveMailbox>>>,
    /// By the keyed hash of the name that it was opened by, which holds the account. A guess: names move on.
    named: Mutex<HashMap<[u8; 32], Weak<LiveMailbox>>>,
    kept: Mutex<Kept<LiveMailbox>>,
}

/// What was used lately, the longest unused first, within [`KEPT_BYTES`] and [`KEPT_MOST`].
struct Kept<T> {
    line: VecDeque<(Arc<T>, usize)>,
    bytes: usize,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { line: VecDeque::new(), bytes: 0 }
    }
}

impl<T> Kept<T> {
    /// Puts it last, with what it weighs now. What no longer fits, perhaps itself, is for the caller to drop
    /// when it holds no lock.
    fn touch(&mut self, used: &Arc<T>, weight: usize) -> Vec<Arc<T>> {
        let there = self.line.iter().position(|(kept, _)| Arc::ptr_eq(kept, used));
        let kept = match there.and_then(|at| self.line.remove(at)) {
            Some((kept, before)) => {
                self.bytes -= before;
                kept
            }
            None => Arc::clone(used),
        };
        self.line.push_back((kept, weight));
        self.bytes += weight;
        let mut gone = Vec::new();
        while self.bytes > KEPT_BYTES || self.line.len() > KEPT_MOST {
            let Some((oldest, weight)) = self.line.pop_front() else { break };
            self.bytes -= weight;
            gone.push(oldest);
        }
        gone
    }
}

impl Registry {
    /// The mailbox, if somebody has it open.
    pub(super) fn find(&self, id: MailboxId) -> Option<Arc<LiveMailbox>> {
        self.known(id).filter(|live| live.is_open(1))
    }

    /// The mailbox, if this process knows it, open or not.
    pub(super) fn known(&self, id: MailboxId) -> Option<Arc<LiveMailbox>> {
        self.open.lock().get(&id).and_then(Weak::upgrade)
    }

    /// The mailbox that had this name when it was opened.
    fn named(&self, name: &[u8; 32]) -> Option<Arc<LiveMailbox>> {
        self.named.lock().get(name).and_then(Weak::upgrade)
    }

    /// It was opened by this name.
    fn name(&self, live: &Arc<LiveMailbox>, name: [u8; 32]) {
        let before = live.name.lock().replace(name);
        let mut named = self.named.lock();
        if let Some(before) = before.filter(|before| *before != name) {
            named.remove(&before);
        }
        named.insert(name, Arc::downgrade(live));
    }

    /// All that are open.
    pub(super) fn all(&self) -> Vec<Arc<LiveMailbox>> {
        // The lock is given back first: whoever drops the last reference takes it.
        let mut all: Vec<_> = self.open.lock().values().filter_map(Weak::upgrade).collect();
        all.retain(|live| live.is_open(1));
        all
    }

    fn find_or_add(&self, store: &Store, account: AccountId, id: MailboxId) -> Arc<LiveMailbox> {
        let mut open = self.open.lock();
        if let Some(live) = open.get(&id).and_then(Weak::upgrade) {
            return live;
        }
        let live = Arc::new_cyclic(|itself| LiveMailbox::unloaded(store, account, id, itself.clone()));
        open.insert(id, Arc::downgrade(&live));
        live
    }

    /// It was opened just now.
    fn keep(&self, live: &Arc<LiveMailbox>) {
        let weight = live.weight();
        let mut kept = self.kept.lock();
        let gone = kept.touch(live, weight);
        live.kept.store(true, Ordering::SeqCst);
        for one in &gone {
            one.kept.store(false, Ordering::SeqCst);
        }
        drop(kept);
        drop(gone);
    }

    fn forget(&self, live: &LiveMailbox) {
        if let Some(name) = live.name.lock().take() {
            let mut named = self.named.lock();
            if named.get(&name).is_some_and(|w| std::ptr::eq(w.as_ptr(), live)) {
                named.remove(&name);
            }
        }
        let mut open = self.open.lock();
        if open.get(&live.id).is_some_and(|w| std::ptr::eq(w.as_ptr(), live)) {
            open.remove(&live.id);
        }
    }
}

impl Store {
    /// Opens a mailbox, up to date: 1 statement, whether or not somebody here has it open already.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`] when the account has no mailbox of that id.
    pub async fn open_mailbox(
        &self,
        account: AccountId,
        mailbox: MailboxId,
    ) -> Result<Arc<LiveMailbox>, MailError> {
        let live = self.0.hub.registry.find_or_add(self, account, mailbox);
        if live.account != account {
            return Err(MailError::NoMailbox);
        }
        live.refresh().await?;
        self.0.hub.registry.keep(&live);
        Ok(live)
    }

    /// As [`open_mailbox`](Self::open_mailbox), by name: 1 statement when the mailbox was opened by this name lately,
    /// else 2.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`]; [`MailError::NotSelectable`] for a name that is kept for its children alone.
    pub async fn open_mailbox_named(
        &self,
        account: AccountId,
        name: &MailboxName,
    ) -> Result<Arc<LiveMailbox>, MailError> {
        let registry = &self.0.hub.registry;
        let key = self.lookup().mailbox_name(account, name);
        let guess = registry.named(&key).filter(|live| live.account == account);
        if let Some(live) = guess
            && live.refresh_named(&key).await?
        {
            registry.keep(&live);
            return Ok(live);
        }
        let info = self.mailbox(account, name).await?.ok_or(MailError::NoMailbox)?;
        if !info.selectable {
            return Err(MailError::NotSelectable);
        }
        let live = self.open_mailbox(account, info.id).await?;
        registry.name(&live, key);
        Ok(live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(kept: &Kept<u32>) -> Vec<u32> {
        kept.line.iter().map(|(n, _)| **n).collect()
    }

    /// A message that came through another gateway and went before this one looked: a client that read it there
    /// and comes here must hear that it is gone, which only the log in the database knows.
    #[test]
    fn what_went_unseen_is_left_to_the_log() {
        let row = |uid| Row {
            uid,
            flags: Flags::NONE,
            modseq: ModSeq(10),
            size: 1,
            internal_date: 0,
            body: BodyId(uuid::Uuid::nil()),
        };
        let delta = |uidnext, at, rows: Vec<Row>, expunged| Delta {
            uidvalidity: UidValidity::new(1).unwrap(),
            uidnext,
            highestmodseq: ModSeq(at),
            whole: false,
            rows,
            expunged,
            keywords: Vec::new(),
        };
        let mut state = delta(4, 10, vec![row(1), row(2), row(3)], Vec::new()).into_state();
        // What it held it can tell.
        state.apply(delta(4, 11, Vec::new(), vec![(ModSeq(11), vec![(2, 2)])]));
        let gone = |state: &MailboxState, since| {
            state.expunged_since(ModSeq(since)).map(|rows| rows.map(|row| row.uid).collect::<Vec<_>>())
        };
        assert_eq!(gone(&state, 10), Some(vec![2]));
        // UIDs 4 and 5 came at 12 and 13; 3 and 4 went at 14.
        state.apply(delta(6, 14, vec![row(5)], vec![(ModSeq(14), vec![(3, 4)])]));
        assert_eq!(gone(&state, 13), None, "4 is not among them");
        assert_eq!(gone(&state, 14), Some(vec![]));
    }

    #[test]
    fn the_longest_unused_goes_first() {
        let mut kept = Kept::default();
        let all: Vec<Arc<u32>> = (0..4).map(Arc::new).collect();
        for one in &all[..3] {
            assert!(kept.touch(one, KEPT_BYTES / 3).is_empty());
        }
        assert!(kept.touch(&all[0], KEPT_BYTES / 3).is_empty(), "counted once");
        let gone = kept.touch(&all[3], KEPT_BYTES / 3);
        assert_eq!(gone.iter().map(|n| **n).collect::<Vec<_>>(), [1]);
        assert_eq!(numbers(&kept), [2, 0, 3]);
        // One that has grown takes the room of the others; one that is too large for all of it is not kept.
        assert_eq!(kept.touch(&all[0], KEPT_BYTES).len(), 2);
        assert_eq!(numbers(&kept), [0]);
        assert_eq!(kept.touch(&all[2], KEPT_BYTES + 1).len(), 2);
        assert_eq!((numbers(&kept), kept.bytes), (vec![], 0));
    }

    #[test]
    fn small_ones_are_counted_too() {
        let mut kept = Kept::default();
        let all: Vec<Arc<usize>> = (0..=KEPT_MOST).map(Arc::new).collect();
        let gone: Vec<usize> = all.iter().flat_map(|one| kept.touch(one, 1)).map(|n| *n).collect();
        assert_eq!((gone, kept.line.len(), kept.bytes), (vec![0], KEPT_MOST, KEPT_MOST));
    }
}
