//! Snapshots of large mailboxes: their rows, packed and sealed as one value, so that a process that does not know
//! the mailbox reads that and what changed since, instead of a row for each message.
//!
//! Invariants: derived from what a gateway has in memory, written by a task of its own, never while somebody waits;
//! one mailbox at a time in a process, and for one mailbox one gateway at a time; only when more than one in
//! [`SHARE`] of its rows changed since the last, so that what is written for each message stays bounded however the
//! mailbox grows. Sealed with a key of its own, which is bound to everything that the row says. Never the only place
//! of anything: what reads mail may drop it at any time. A mailbox with an entry that is not tied to its message
//! gets none.

use std::sync::{Arc, Weak};

use tokio::sync::mpsc;
use uuid::{NoContext, Timestamp, Uuid};

use super::live::{LiveMailbox, MailboxState};
use super::mail_error::MailError;
use super::packed_rows;
use super::seal::SnapshotShape;
use super::ties::is_tied;
use super::{DataKey, Store, StoreError};
use crate::types::{AccountId, MailboxId, ModSeq};

/// Smaller mailboxes are read as they are.
pub(super) const LEAST: usize = 2000;
/// A new one is written when more than one in so many rows changed.
const SHARE: usize = 8;
/// Mailboxes that wait for theirs; beyond that the next change asks again.
const WAITING: usize = 256;
/// Bytes of one at most; a mailbox of more than 40 million messages goes without.
const BYTES: usize = 1000 * 1000 * 1000;

/// Whether so many changes since the last snapshot, of so many rows, are worth another one.
pub(super) fn is_worth_it(rows: usize, changed: usize) -> bool {
    rows >= LEAST && changed > rows / SHARE
}

/// Asks for snapshots; without a task that writes them, nothing happens.
#[derive(Default)]
pub(super) struct Snapshots {
    wanted: parking_lot::Mutex<Option<mpsc::Sender<Weak<LiveMailbox>>>>,
}

impl Snapshots {
    /// Whether somebody will see to it.
    pub(super) fn ask(&self, live: Weak<LiveMailbox>) -> bool {
        self.wanted.lock().as_ref().is_some_and(|wanted| wanted.try_send(live).is_ok())
    }
}

impl Store {
    /// Writes snapshots of the mailboxes that this process has open, until the store is closed. For gateways.
    pub fn start_snapshots(&self) {
        let (wanted, mut waiting) = mpsc::channel::<Weak<LiveMailbox>>(WAITING);
        *self.0.snapshots.wanted.lock() = Some(wanted);
        let weak = Arc::downgrade(&self.0);
        self.background(async move {
            while let Some(live) = waiting.recv().await {
                let (Some(inner), Some(live)) = (weak.upgrade(), live.upgrade()) else { continue };
                if let Err(error) = Self::of(inner).snapshot_of(&live).await {
                    tracing::warn!(%error, mailbox = %live.id(), "a mailbox's snapshot was not written");
                }
            }
        });
    }

    /// Writes a mailbox's snapshot now, however small or little changed it is; `false`: it has one of this
    /// moment, or another gateway is at it.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`].
    pub async fn write_snapshot(&self, account: AccountId, mailbox: MailboxId) -> Result<bool, MailError> {
        let live = self.open_mailbox(account, mailbox).await?;
        let state = live.read(MailboxState::clone);
        Ok(self.store_snapshot(&live, state, 0).await?)
    }

    /// Writes it if that is (still) worth it, and lets the mailbox know what it has.
    async fn snapshot_of(&self, live: &LiveMailbox) -> Result<(), StoreError> {
        let counted = live.snapshot_begins();
        // A copy, so that nobody waits for the packing.
        let state = live.read(MailboxState::clone);
        if state.gone || !is_worth_it(state.rows.len(), counted) {
            live.snapshot_failed(counted);
            return Ok(());
        }
        let least = state.rows.len() / SHARE;
        if let Err(error) = self.store_snapshot(live, state, least).await {
            live.snapshot_failed(counted);
            return Err(error);
        }
        Ok(())
    }

    /// Writes it, unless there is one from which at most `near` rows differ. `false`: there is, or another gateway
    /// is writing.
    async fn store_snapshot(
        &self,
        live: &LiveMailbox,
        state: MailboxState,
        near: usize,
    ) -> Result<bool, StoreError> {
        if state.rows.iter().any(|row| !is_tied(row.body)) {
            return Ok(false);
        }
        let (account, mailbox) = (live.account(), live.id());
        let seal = self.seal_key(account).await?;
        let mut tx = self.0.pool.begin().await?;
        // Derived: nothing is lost with it. Locked in the order in which erasing and deleting take them, or two would
        // wait for each other.
        let Some(there) = sqlx::query!(
            r#"select s.modseq as "modseq?"
                 from set_config('synchronous_commit', 'off', true),
                      (select pg_try_advisory_xact_lock(hashtextextended('mailbox snapshot', $2)) as mine) l,
                      (select k.id from seal_key k where k.id = $3 for key share) k,
                      (select m.account_id, m.id, m.uidvalidity, m.changes_from from mailbox m
                        where m.account_id = $1 and m.id = $2 for key share) m
                 left join mailbox_snapshot s
                   on s.account_id = m.account_id and s.mailbox_id = m.id and s.seal_key_id = $3
                      and s.uidvalidity = m.uidvalidity and s.modseq >= m.changes_from
                where l.mine"#,
            account.0,
            mailbox.0,
            seal.id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        else {
            return Ok(false);
        };
        if let Some(modseq) = there.modseq {
            let modseq = ModSeq(modseq.cast_unsigned());
            if modseq >= state.highestmodseq || state.changed_since(modseq).count() < near {
                return Ok(false);
            }
        }
        let now = self.0.clock.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        let packed = packed_rows::pack(&state.rows);
        if packed.len() > BYTES {
            return Ok(false);
        }
        let shape = SnapshotShape {
            id: Uuid::new_v7(Timestamp::from_unix(NoContext, now.as_secs(), now.subsec_nanos())),
            account,
            mailbox,
            uidvalidity: state.uidvalidity.get(),
            modseq: state.highestmodseq.0,
            uidnext: state.uidnext,
            rows: state.rows.len() as u64,
        };
        drop(state);
        let key = DataKey::random()?;
        let wrapped = seal.wrap_snapshot(&key, shape)?;
        let data = key.seal_snapshot(shape.id, packed)?;
        sqlx::query!(
            "insert into mailbox_snapshot as s
                    (account_id, mailbox_id, id, uidvalidity, modseq, uidnext, rows, seal_key_id, wrapped, data)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (account_id, mailbox_id) do update
                set id = excluded.id, uidvalidity = excluded.uidvalidity, modseq = excluded.modseq,
                    uidnext = excluded.uidnext, rows = excluded.rows, seal_key_id = excluded.seal_key_id,
                    wrapped = excluded.wrapped, data = excluded.data, made_at = now()",
            account.0,
            mailbox.0,
            shape.id,
            i64::from(shape.uidvalidity),
            shape.modseq.cast_signed(),
            i64::from(shape.uidnext),
            shape.rows.cast_signed(),
            seal.id.0,
            wrapped,
            data
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Drops this snapshot, not one that was written meanwhile.
    pub(super) async fn drop_snapshot(&self, shape: SnapshotShape) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from mailbox_snapshot where account_id = $1 and mailbox_id = $2 and id = $3",
            shape.account.0,
            shape.mailbox.0,
            shape.id
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }
}
