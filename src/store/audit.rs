//! The audit log, where it is written: in the transaction that does the thing, or a moment later.
//!
//! Invariants: an entry written by [`Store::audit`] is there exactly when what it tells of is. One given to
//! [`Store::audit_note`] is written within a moment, together with its neighbours; none is lost at an orderly
//! end, nor while the database is away (as long as [`HELD_MAX`] are enough). Reads are put together: one
//! entry a second for each person, mailbox and origin, holding ranges of UIDs. An entry holds ids and words
//! of this program alone. The chain over the entries is `audit_chain`'s.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use sqlx::postgres::PgConnection;
use tokio::sync::{Notify, watch};

use super::connections::Connections;
use super::{Store, StoreError, seconds_of};
use crate::clock::Clock;
use crate::types::{AccountId, AuditAction, AuditNote, MailboxId, Origin};

/// Reads are written this often.
const READS: Duration = Duration::from_secs(1);
/// Pause before a write that failed is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Tries at the end of the process.
const LAST_TRIES: u32 = 3;
/// Entries of one statement.
const BATCH: usize = 1000;
/// Entries held while the database is away; what comes then is counted and logged as lost.
const HELD_MAX: usize = 200_000;
/// Longest detail, in bytes.
const DETAIL_MAX: usize = 2000;

/// One entry with who, when and where.
#[derive(Clone, Debug)]
struct Entry {
    at: SystemTime,
    origin: Origin,
    note: AuditNote,
}

/// What waits to be written.
#[derive(Default)]
pub(super) struct AuditLog {
    held: Mutex<Held>,
    more: Notify,
    /// Raised when entries were written: the sealer has work.
    pub(super) written: Notify,
}

#[derive(Default)]
struct Held {
    entries: Vec<Entry>,
    reads: HashMap<(AccountId, MailboxId), Vec<Reader>>,
    /// Entries that were taken out and could not be written yet.
    waiting: usize,
    lost: u64,
}

/// What one origin has read of a mailbox.
struct Reader {
    origin: Origin,
    uids: BTreeSet<u32>,
}

impl Store {
    /// This store, for what `origin` asks: whatever is changed through it is entered under that name.
    #[must_use]
    pub fn acting_as(&self, origin: Origin) -> Self {
        Self(self.0.clone(), Arc::new(origin))
    }

    /// Who acts through this handle.
    pub fn origin(&self) -> &Origin {
        &self.1
    }

    /// Enters a note inside the caller's transaction, as an act of this handle's origin.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn audit(&self, tx: &mut PgConnection, note: AuditNote) -> Result<(), StoreError> {
        let entry = Entry { at: self.0.clock.now(), origin: Origin::clone(&self.1), note };
        insert(tx, &self.0.gateway, std::slice::from_ref(&entry)).await
    }

    /// As [`audit`](Self::audit), several in one statement.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn audit_all(
        &self,
        tx: &mut PgConnection,
        notes: impl IntoIterator<Item = AuditNote>,
    ) -> Result<(), StoreError> {
        let at = self.0.clock.now();
        let entries: Vec<_> =
            notes.into_iter().map(|note| Entry { at, origin: Origin::clone(&self.1), note }).collect();
        insert(tx, &self.0.gateway, &entries).await
    }

    /// Enters a note soon, as an act of this handle's origin. Never waits.
    pub fn audit_note(&self, note: AuditNote) {
        self.audit_note_by(Origin::clone(&self.1), note);
    }

    /// As [`audit_note`](Self::audit_note), as an act of `origin`.
    pub fn audit_note_by(&self, origin: Origin, note: AuditNote) {
        let entry = Entry { at: self.0.clock.now(), origin, note };
        let mut held = self.0.audit.held.lock();
        if held.entries.len() + held.waiting < HELD_MAX {
            held.entries.push(entry);
        } else {
            held.lost += 1;
        }
        drop(held);
        self.0.audit.more.notify_one();
    }

    /// Enters soon that something was done to messages of a mailbox, as an act of this handle's origin.
    /// Never waits; nothing is entered for no message.
    pub fn audit_uids(
        &self,
        action: AuditAction,
        account: AccountId,
        mailbox: MailboxId,
        uids: impl IntoIterator<Item = u32>,
    ) {
        let uids: BTreeSet<u32> = uids.into_iter().collect();
        for set in uid_sets(uids) {
            let note = AuditNote::done(action).account(account).mailbox(mailbox);
            self.audit_note(note.detail(format!("uids={set}")));
        }
    }

    /// Enters soon that bodies of messages were read in a mailbox. Never waits.
    pub fn audit_read(
        &self,
        origin: &Origin,
        account: AccountId,
        mailbox: MailboxId,
        uids: impl IntoIterator<Item = u32>,
    ) {
        let mut held = self.0.audit.held.lock();
        let known = held.reads.entry((account, mailbox)).or_default();
        if let Some(reader) = known.iter_mut().find(|r| r.origin == *origin) {
            reader.uids.extend(uids);
        } else {
            known.push(Reader { origin: origin.clone(), uids: uids.into_iter().collect() });
        }
    }
}

/// Ascending UIDs as IMAP writes them: `1:3,7`, in pieces that fit a detail.
pub(super) fn uid_sets(uids: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, hi)) if uid == hi.wrapping_add(1) => *hi = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let mut sets: Vec<String> = Vec::new();
    for (lo, hi) in ranges {
        let range = if lo == hi { lo.to_string() } else { format!("{lo}:{hi}") };
        match sets.last_mut() {
            Some(set) if set.len() + range.len() < DETAIL_MAX - 16 => {
                set.push(',');
                set.push_str(&range);
            }
            _ => sets.push(range),
        }
    }
    sets
}

impl Held {
    /// Everything to be written now, reads included.
    fn take(&mut self, now: SystemTime) -> Vec<Entry> {
        let mut entries = std::mem::take(&mut self.entries);
        if self.waiting > HELD_MAX {
            self.lost += self.reads.len() as u64;
            self.reads.clear();
        }
        for ((account, mailbox), readers) in std::mem::take(&mut self.reads) {
            for Reader { origin, uids } in readers {
                for set in uid_sets(uids) {
                    let note = AuditNote::done(AuditAction::Read)
                        .account(account)
                        .mailbox(mailbox)
                        .detail(format!("uids={set}"));
                    entries.push(Entry { at: now, origin: origin.clone(), note });
                }
            }
        }
        entries
    }
}

/// Writes what is noted until `stop` closes, and then the rest.
pub(super) async fn run(
    log: Arc<AuditLog>,
    pool: Connections,
    clock: Clock,
    gateway: Arc<str>,
    mut stop: watch::Receiver<()>,
) {
    let mut tick = tokio::time::interval(READS);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut stopping = false;
    let mut tries = 0;
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        if !stopping && entries.is_empty() {
            tokio::select! {
                () = log.more.notified() => {}
                _ = tick.tick() => {}
                _ = stop.changed() => stopping = true,
            }
        }
        let lost = {
            let mut held = log.held.lock();
            held.waiting = entries.len();
            entries.extend(held.take(clock.now()));
            held.waiting = entries.len();
            std::mem::take(&mut held.lost)
        };
        if lost > 0 {
            tracing::error!(lost, "audit entries were lost: the database was away for too long");
        }
        if entries.is_empty() {
            if stopping {
                return;
            }
            continue;
        }
        let written = write(&pool, &gateway, &mut entries).await;
        log.held.lock().waiting = entries.len();
        match written {
            Ok(()) => tries = 0,
            Err(error) => {
                tries += 1;
                tracing::warn!(%error, waiting = entries.len(), "audit entries are not written yet");
                if stopping && tries >= LAST_TRIES {
                    tracing::error!(lost = entries.len(), "audit entries are lost: the database is away");
                    return;
                }
                if stopping {
                    tokio::time::sleep(RETRY).await;
                } else {
                    tokio::select! {
                        () = tokio::time::sleep(RETRY) => {}
                        _ = stop.changed() => stopping = true,
                    }
                }
            }
        }
        log.written.notify_one();
    }
}

/// Writes all, a statement for so many; what is written is taken out of `entries`.
async fn write(pool: &Connections, gateway: &str, entries: &mut Vec<Entry>) -> Result<(), StoreError> {
    let mut conn = pool.acquire().await?;
    while !entries.is_empty() {
        let count = entries.len().min(BATCH);
        insert(&mut conn, gateway, &entries[..count]).await?;
        entries.drain(..count);
    }
    Ok(())
}

async fn insert(conn: &mut PgConnection, gateway: &str, entries: &[Entry]) -> Result<(), StoreError> {
    let text = |f: fn(&Entry) -> Option<String>| entries.iter().map(f).collect::<Vec<_>>();
    sqlx::query!(
        "insert into audit_pending (at, actor, address, action, account_id, object, result, detail, gateway)
         select to_timestamp(u.at), u.actor, u.address, u.action, u.account, u.object, u.result, u.detail, $9
           from unnest($1::float8[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
                       $8::text[])
                with ordinality u(at, actor, address, action, account, object, result, detail, n)
          order by u.n",
        &entries.iter().map(|e| seconds_of(e.at)).collect::<Vec<_>>(),
        &entries.iter().map(|e| e.origin.actor.to_string()).collect::<Vec<_>>(),
        &text(|e| e.origin.address.map(|a| a.to_canonical().to_string())) as &[Option<String>],
        &entries.iter().map(|e| e.note.action.as_str().to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|e| e.note.account.map(|a| a.0)).collect::<Vec<_>>() as &[Option<i64>],
        &text(|e| e.note.object.clone()) as &[Option<String>],
        &entries.iter().map(|e| e.note.result.as_str().to_owned()).collect::<Vec<_>>(),
        &text(|e| e.note.detail.as_deref().map(|d| d.chars().take(DETAIL_MAX).collect()))
            as &[Option<String>],
        gateway
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_as_ranges() {
        assert_eq!(uid_sets([]), Vec::<String>::new());
        assert_eq!(uid_sets([1, 2, 3, 7]), ["1:3,7"]);
        assert_eq!(uid_sets([u32::MAX]), ["4294967295"]);
        let many = uid_sets((0..5000).map(|n| n * 2 + 1_000_000));
        assert!(many.len() > 1 && many.iter().all(|s| s.len() < DETAIL_MAX - 8));
        assert_eq!(many.join(",").split(',').count(), 5000);
    }
}
