//! Telling open sessions that their account was locked or closed, or an app password revoked (R4, R29).
//!
//! `account.sign_in_epoch` grows with each such event. Invariant: whoever watches an account hears of a
//! higher epoch within [`POLL`], on whatever gateway it was raised: at once when it was here, by NOTIFY
//! (`a:<id>`, handed to [`Events::wake`]) or, should that be lost, by the poll.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::connections::Connections;
use super::{Store, StoreError};
use crate::types::{AccountId, Address, AppPasswordId};

/// How often the epochs of watched accounts are read: one statement, none when nobody is signed in.
const POLL: Duration = Duration::from_secs(2);

/// Who watches which account in this process.
#[derive(Default)]
pub(super) struct Events {
    watched: Mutex<HashMap<AccountId, watch::Sender<u64>>>,
    hurry: Notify,
}

impl Events {
    /// Watches an account from an epoch on that the watcher has seen.
    fn watch(&self, account: AccountId, seen: u64) -> watch::Receiver<u64> {
        self.publish(account, seen);
        let mut watched = self.watched.lock();
        let sender = watched.entry(account).or_insert_with(|| watch::Sender::new(seen));
        let mut receiver = sender.subscribe();
        // Someone may know a later one than this watcher has seen.
        if *receiver.borrow() > seen {
            receiver.mark_changed();
        }
        receiver
    }

    /// An epoch was read; watchers of an earlier one wake.
    pub(super) fn publish(&self, account: AccountId, epoch: u64) {
        if let Some(sender) = self.watched.lock().get(&account) {
            sender.send_if_modified(|known| {
                let newer = epoch > *known;
                *known = (*known).max(epoch);
                newer
            });
        }
    }

    /// Another gateway said that something happened to an account: its epoch is read now.
    pub(super) fn wake(&self, account: AccountId) {
        if self.watched.lock().contains_key(&account) {
            self.hurry.notify_one();
        }
    }

    /// Messages of other gateways may have been missed: all epochs are read now.
    pub(super) fn wake_all(&self) {
        self.hurry.notify_one();
    }

    /// The accounts that still have a watcher; the others are forgotten.
    fn prune(&self) -> Vec<i64> {
        let mut watched = self.watched.lock();
        watched.retain(|_, sender| sender.receiver_count() > 0);
        watched.keys().map(|a| a.0).collect()
    }
}

/// Reads epochs until `stop` closes.
pub(super) async fn run(events: Arc<Events>, pool: Connections, mut stop: watch::Receiver<()>) {
    let mut failing = false;
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = events.hurry.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
        let accounts = events.prune();
        if accounts.is_empty() {
            continue;
        }
        let rows = sqlx::query!("select id, sign_in_epoch from account where id = any($1)", &accounts)
            .fetch_all(&pool)
            .await;
        match rows {
            Ok(rows) => {
                failing = false;
                for row in rows {
                    events.publish(AccountId(row.id), row.sign_in_epoch as u64);
                }
            }
            Err(e) => {
                if !failing {
                    tracing::warn!(error = %StoreError::from(e), "locks and revocations cannot be read");
                }
                failing = true;
            }
        }
    }
}

impl Store {
    /// Changes when sessions of the account may have to end: then ask [`Store::still_signed_in`]. `seen` is
    /// the epoch that the sign-in was answered with, so that nothing in between is missed.
    pub fn account_events(&self, account: AccountId, seen: u64) -> watch::Receiver<u64> {
        self.0.events.watch(account, seen)
    }

    /// Whether a session that signed in with this app password, when the secure address was this one, may go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn still_signed_in(
        &self,
        account: AccountId,
        by: AppPasswordId,
        secure: &Address,
    ) -> Result<bool, StoreError> {
        let fine = sqlx::query_scalar!(
            r#"select exists (select from account a join app_password w on w.account_id = a.id
                                join address d on d.account_id = a.id and d.address = $3
                               where a.id = $1 and a.state = 'active' and w.id = $2 and w.revoked_at is null
                                 and d.retired_at is null)
                   as "fine!""#,
            account.0,
            by.0,
            secure.as_str()
        )
        .fetch_one(&self.0.pool)
        .await?;
        Ok(fine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watcher_hears_of_what_it_has_not_seen() {
        let events = Events::default();
        let account = AccountId(1);
        let early = events.watch(account, 3);
        assert!(!early.has_changed().unwrap());
        events.publish(account, 3);
        assert!(!early.has_changed().unwrap());
        events.publish(account, 4);
        assert!(early.has_changed().unwrap());
        assert!(events.watch(account, 3).has_changed().unwrap(), "signed in before 4 was published");
        assert!(!events.watch(account, 4).has_changed().unwrap());
        events.publish(account, 2);
        assert_eq!(*early.borrow(), 4);
    }

    #[test]
    fn nobody_left_is_forgotten() {
        let events = Events::default();
        drop(events.watch(AccountId(1), 0));
        let _kept = events.watch(AccountId(2), 0);
        assert_eq!(events.prune(), [2]);
    }
}
