//! Telling sessions that something in any mailbox of their account changed (RFC 5465 NOTIFY): messages,
//! names, subscriptions or annotations.
//!
//! Invariants: a tick says no more than "look". It comes at once for what this gateway did or heard of by
//! NOTIFY; should that be lost, [`compare`] finds it: every [`EVERY`] polls it reads one line for each
//! watched account, so a lost wake-up costs delay, never data. Nobody watches: nothing is read.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::Store;
use super::connections::Connections;
use crate::types::{AccountId, MailboxId};

/// Of so many polls of the hub, one compares the watched accounts.
pub(super) const EVERY: u64 = 5;

/// Who watches which account in this process.
#[derive(Default)]
pub(super) struct AccountWatch(Mutex<Watched>);

#[derive(Default)]
struct Watched {
    accounts: HashMap<AccountId, Account>,
    /// Whose the mailboxes of watched accounts are.
    owners: HashMap<MailboxId, AccountId>,
}

struct Account {
    ticks: watch::Sender<u64>,
    /// As it was when it was last compared.
    state: Option<String>,
}

impl AccountWatch {
    fn watch(&self, account: AccountId) -> watch::Receiver<u64> {
        let mut watched = self.0.lock();
        let new = || Account { ticks: watch::Sender::new(0), state: None };
        watched.accounts.entry(account).or_insert_with(new).ticks.subscribe()
    }

    /// Something about the account's names, subscriptions or annotations changed.
    pub(super) fn tick(&self, account: AccountId) {
        if let Some(account) = self.0.lock().accounts.get(&account) {
            account.ticks.send_modify(|n| *n = n.wrapping_add(1));
        }
    }

    /// Messages of the mailbox changed.
    pub(super) fn tick_mailbox(&self, mailbox: MailboxId) {
        let owner = self.0.lock().owners.get(&mailbox).copied();
        if let Some(owner) = owner {
            self.tick(owner);
        }
    }

    /// What others said may have been missed.
    pub(super) fn tick_all(&self) {
        for account in self.0.lock().accounts.values() {
            account.ticks.send_modify(|n| *n = n.wrapping_add(1));
        }
    }

    /// The account's mailboxes, as they were just read.
    pub(super) fn learn(&self, account: AccountId, mailboxes: impl Iterator<Item = MailboxId>) {
        let mut watched = self.0.lock();
        if watched.accounts.contains_key(&account) {
            watched.owners.extend(mailboxes.map(|id| (id, account)));
        }
    }

    /// The accounts that still have a watcher; the others are forgotten.
    fn prune(&self) -> Vec<i64> {
        let Watched { accounts, owners } = &mut *self.0.lock();
        let before = accounts.len();
        accounts.retain(|_, account| account.ticks.receiver_count() > 0);
        if accounts.len() < before {
            owners.retain(|_, owner| accounts.contains_key(owner));
        }
        accounts.keys().map(|account| account.0).collect()
    }

    /// The state of an account was read; a tick if it is another than before.
    fn publish(&self, account: AccountId, now: String) {
        if let Some(account) = self.0.lock().accounts.get_mut(&account) {
            let before = account.state.replace(now);
            if before.is_some() && before != account.state {
                account.ticks.send_modify(|n| *n = n.wrapping_add(1));
            }
        }
    }
}

/// Compares the watched accounts with what they were: 1 statement, none when nobody watches. A row that is
/// written anew is another version of itself, so count and sum of the versions change with whatever changes.
pub(super) async fn compare(watch: &AccountWatch, pool: &Connections) -> Result<(), sqlx::Error> {
    let accounts = watch.prune();
    if accounts.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"select a.id as "id!", concat_ws(' ',
                  (select concat(count(*), '/', sum(xmin::text::bigint)) from mailbox where account_id = a.id),
                  (select concat(count(*), '/', sum(xmin::text::bigint)) from subscription where account_id = a.id),
                  (select concat(count(*), '/', sum(xmin::text::bigint)) from annotation where account_id = a.id))
                  as "state!"
             from unnest($1::bigint[]) a(id)"#,
        &accounts
    )
    .fetch_all(pool)
    .await?;
    for row in rows {
        watch.publish(AccountId(row.id), row.state);
    }
    Ok(())
}

impl Store {
    /// Changes when something in the account's mailboxes may have changed, names, subscriptions and
    /// annotations included, from now on.
    pub fn watch_account(&self, account: AccountId) -> watch::Receiver<u64> {
        self.0.hub.accounts.watch(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_watches_hears() {
        let watch = AccountWatch::default();
        let (anna, bert) = (AccountId(1), AccountId(2));
        let receiver = watch.watch(anna);
        watch.learn(anna, [MailboxId(10)].into_iter());
        watch.learn(bert, [MailboxId(20)].into_iter());
        watch.tick(bert);
        watch.tick_mailbox(MailboxId(20));
        assert!(!receiver.has_changed().unwrap());
        watch.tick_mailbox(MailboxId(10));
        assert!(receiver.has_changed().unwrap());
        drop(receiver);
        assert!(watch.prune().is_empty());
        assert!(watch.0.lock().owners.is_empty());
    }

    #[test]
    fn what_was_missed_is_found() {
        let watch = AccountWatch::default();
        let mut receiver = watch.watch(AccountId(1));
        watch.publish(AccountId(1), "1/5".into());
        watch.publish(AccountId(1), "1/5".into());
        assert!(!receiver.has_changed().unwrap());
        watch.publish(AccountId(1), "1/6".into());
        assert!(receiver.has_changed().unwrap());
        receiver.mark_unchanged();
        watch.tick_all();
        assert!(receiver.has_changed().unwrap());
    }
}
