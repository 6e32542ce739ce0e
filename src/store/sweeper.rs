//! Removing what nobody needs any more: unclaimed staged chunks, old change records, expunged messages
//! whose retention has ended and, with the last of them, the message itself.
//!
//! Invariants: only one gateway sweeps at a time (an advisory lock held by each step's transaction);
//! every step is a small transaction that waits for nobody while it holds what others wait for. A
//! message is removed when the last row that shows it goes. That is safe against a COPY at the same
//! time: COPY takes its reference from an entry that its lock on the mailbox keeps there, so until it
//! commits the sweeper sees that entry, and afterwards the new one too. Only rows of `expunged` that
//! the sweeper itself removes can be the last reference, so no table is ever searched for orphans.

use std::time::Duration;

use super::mail_error::ended;
use super::{MailError, Store};

/// How long things are kept, and how often the sweeper looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Pause between two sweeps.
    pub every: Duration,
    /// Staged chunks that nobody touched for so long are removed.
    pub staged: Duration,
    /// Change records; whoever was away longer loads a mailbox anew.
    pub changes: Duration,
    /// Expunged messages stay recoverable so long.
    pub expunged: Duration,
    /// A client's copy in `\Sent` that came before its submission is recognised so long (R28).
    pub sent_append: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            every: Duration::from_mins(10),
            staged: Duration::from_hours(2),
            changes: Duration::from_hours(12),
            expunged: Duration::from_hours(30 * 24),
            sent_append: Duration::from_hours(48),
        }
    }
}

/// What one sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Messages that were staged and never claimed.
    pub staged: u64,
    /// Change records.
    pub changes: u64,
    /// Expunged entries.
    pub expunged: u64,
    /// Messages that no entry showed any more.
    pub messages: u64,
    /// Records of early copies in `\Sent`.
    pub sent_appends: u64,
}

impl Store {
    /// Removes all that is due. Does nothing for steps that another gateway is at.
    pub async fn sweep(&self, keep: &Retention) -> Result<Swept, MailError> {
        let mut swept = Swept::default();
        loop {
            let row = sqlx::query!(
                r#"select staged as "staged!", changes as "changes!", expunged as "expunged!",
                          messages as "messages!", sent_appends as "sent_appends!"
                     from sweep($1, $2, $3, $4)"#,
                seconds(keep.staged),
                seconds(keep.changes),
                seconds(keep.expunged),
                seconds(keep.sent_append)
            )
            .fetch_one(&self.0.pool)
            .await
            .map_err(ended)?;
            let now = Swept {
                staged: row.staged.cast_unsigned(),
                changes: row.changes.cast_unsigned(),
                expunged: row.expunged.cast_unsigned(),
                messages: row.messages.cast_unsigned(),
                sent_appends: row.sent_appends.cast_unsigned(),
            };
            swept.staged += now.staged;
            swept.changes += now.changes;
            swept.expunged += now.expunged;
            swept.messages += now.messages;
            swept.sent_appends += now.sent_appends;
            if now == Swept::default() {
                return Ok(swept);
            }
        }
    }

    /// Sweeps now and then, until the store is closed.
    pub fn start_sweeper(&self, keep: Retention) {
        let weak = std::sync::Arc::downgrade(&self.0);
        self.background(async move {
            loop {
                tokio::time::sleep(keep.every).await;
                let Some(inner) = weak.upgrade() else { return };
                let store = Store::of(inner);
                if let Err(error) = store.sweep_people().await {
                    tracing::warn!(%error, "sweeping the people's side failed; it is tried again later");
                }
                match store.expire().await {
                    Ok(0) => {}
                    Ok(messages) => tracing::info!(messages, "expired"),
                    Err(error) => tracing::warn!(%error, "expiring failed; it is tried again later"),
                }
                match store.sweep(&keep).await {
                    Ok(swept) if swept == Swept::default() => {}
                    Ok(swept) => tracing::info!(?swept, "swept"),
                    Err(error) => tracing::warn!(%error, "sweeping failed; it is tried again later"),
                }
            }
        });
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
