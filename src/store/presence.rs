//! Which accounts have a mail program connected, on whatever gateway (R23: "only while none of my mail
//! programs is connected").
//!
//! Invariants: a gateway writes what changed, once a second at most, and that it lives, every ten; one that
//! was killed is out of the count when its last word is [`ALIVE`] old. `docs/adr/0011` says why.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Store, StoreError, seconds_of};
use crate::types::AccountId;

/// How often a gateway says that it lives.
const BEAT: Duration = Duration::from_secs(10);
/// How long that word is good.
const ALIVE: Duration = Duration::from_secs(30);
/// Changes are written this long after the first of them.
const GATHER: Duration = Duration::from_secs(1);
/// Rows of a gateway that was silent for so long are removed.
const GONE: Duration = Duration::from_hours(1);

/// The connected accounts of this process.
#[derive(Default)]
pub(super) struct Presence {
    state: Mutex<State>,
    changed: Notify,
    started: AtomicBool,
}

#[derive(Default)]
struct State {
    connections: HashMap<AccountId, usize>,
    /// Accounts whose row may differ from what is true now.
    dirty: HashSet<AccountId>,
}

/// A mail program is connected as long as this lives.
pub struct Present {
    presence: Arc<Presence>,
    account: AccountId,
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut state = self.presence.state.lock();
        if let Some(count) = state.connections.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                state.connections.remove(&self.account);
                state.dirty.insert(self.account);
                self.presence.changed.notify_one();
            }
        }
    }
}

impl Store {
    /// A mail program of the account has signed in to IMAP; hold the answer as long as it is connected.
    pub fn present(&self, account: AccountId) -> Present {
        let presence = self.0.presence.clone();
        let mut state = presence.state.lock();
        let count = state.connections.entry(account).or_insert(0);
        *count += 1;
        if *count == 1 {
            state.dirty.insert(account);
            presence.changed.notify_one();
        }
        drop(state);
        Present { presence, account }
    }

    /// Tells the database who is connected here, until the store is closed. For gateways, not for verbs.
    pub fn start_presence(&self) {
        let weak = Arc::downgrade(&self.0);
        let presence = self.0.presence.clone();
        presence.started.store(true, Ordering::Relaxed);
        self.background(async move {
            let mut beat = tokio::time::interval(BEAT);
            loop {
                let beats = tokio::select! {
                    _ = beat.tick() => true,
                    () = presence.changed.notified() => {
                        tokio::time::sleep(GATHER).await;
                        false
                    }
                };
                let Some(inner) = weak.upgrade() else { return };
                let store = Store::of(inner);
                let done = if beats { store.beat().await } else { store.write_presence().await };
                if let Err(error) = done {
                    tracing::warn!(%error, "who is connected here is not written yet");
                    presence.changed.notify_one();
                }
            }
        });
    }

    /// Says that this gateway lives; after a long silence also who is connected, since others may have
    /// removed it.
    async fn beat(&self) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        let new = sqlx::query_scalar!(
            r#"insert into gateway (id, name, alive_until) values ($1, $2, to_timestamp($3))
               on conflict (id) do update set alive_until = excluded.alive_until
               returning xmax = 0 as "new!""#,
            self.0.run,
            &*self.0.gateway,
            seconds_of(now + ALIVE)
        )
        .fetch_one(&self.0.pool)
        .await?;
        if new {
            let mut state = self.0.presence.state.lock();
            let all: Vec<_> = state.connections.keys().copied().collect();
            state.dirty.extend(all);
        }
        self.write_presence().await?;
        sqlx::query!(
            "with gone as (
                 delete from gateway where alive_until < to_timestamp($1) returning id)
             delete from presence where gateway_id in (select id from gone)",
            seconds_of(now.checked_sub(GONE).unwrap_or(now))
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    async fn write_presence(&self) -> Result<(), StoreError> {
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        let dirty = {
            let mut state = self.0.presence.state.lock();
            let dirty = std::mem::take(&mut state.dirty);
            for account in &dirty {
                let list = if state.connections.contains_key(account) { &mut here } else { &mut gone };
                list.push(account.0);
            }
            dirty
        };
        if dirty.is_empty() {
            return Ok(());
        }
        let done = sqlx::query!(
            "with gone as (
                 delete from presence where gateway_id = $1 and account_id = any($3))
             insert into presence (account_id, gateway_id) select u.id, $1 from unnest($2::bigint[]) u(id)
             on conflict do nothing",
            self.0.run,
            &here,
            &gone
        )
        .execute(&self.0.pool)
        .await;
        if done.is_err() {
            self.0.presence.state.lock().dirty.extend(dirty);
        }
        done?;
        Ok(())
    }

    /// At the end of the process: nobody is connected here any more.
    pub(super) async fn leave(&self) {
        if !self.0.presence.started.load(Ordering::Relaxed) {
            return;
        }
        let done = sqlx::query!(
            "with gone as (delete from gateway where id = $1)
             delete from presence where gateway_id = $1",
            self.0.run
        )
        .execute(&self.0.pool)
        .await;
        if let Err(error) = done {
            tracing::warn!(error = %StoreError::from(error), "others find out by silence that this gateway ended");
        }
    }
}
