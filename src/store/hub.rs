//! Wake-ups: who has something new to read, in this process at once and on the other gateways by NOTIFY.
//!
//! Invariants: nothing here is sent from inside a transaction that changes mail (NOTIFY would serialise
//! every commit of the server); what is sent is sent after COMMIT, coalesced, over a connection of its
//! own, and carries ids only. A lost wake-up costs delay, never data: once a second all open mailboxes
//! are compared with the database in one statement, and a listener that reconnects wakes everybody.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::account_watch::{self, AccountWatch};
use super::connections::Connections;
use super::events::Events;
use super::live::Registry;
use super::{CHANNEL, Store};
use crate::types::{AccountId, MailboxId};

/// How often the open mailboxes are compared with the database.
const POLL: Duration = Duration::from_secs(1);
/// Pause before a broken connection is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// Between two notifications: the first goes at once, what follows it goes together. Each costs a commit, and
/// wakes every gateway's listener, this one's too.
const PACE: Duration = Duration::from_millis(5);
/// Wake-ups held for a database that is away; beyond that the other gateways' poll has to do.
const PENDING_MAX: usize = 65_536;

/// Whom a wake-up is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// Its messages changed.
    Mailbox(MailboxId),
    /// Its sessions must look whether they may go on (R4, R29).
    Account(AccountId),
    /// Names of its mailboxes, its subscriptions or its annotations changed.
    Names(AccountId),
    /// The outbox has something to send.
    Notices,
}

impl Topic {
    fn payload(self) -> String {
        match self {
            Self::Mailbox(id) => format!("m:{id}"),
            Self::Account(id) => format!("a:{id}"),
            Self::Names(id) => format!("l:{id}"),
            Self::Notices => "n:0".to_owned(),
        }
    }

    fn parse(payload: &str) -> Option<Self> {
        let (kind, id) = payload.split_once(':')?;
        let id = id.parse().ok()?;
        match kind {
            "m" => Some(Self::Mailbox(MailboxId(id))),
            "a" => Some(Self::Account(AccountId(id))),
            "l" => Some(Self::Names(AccountId(id))),
            "n" => Some(Self::Notices),
            _ => None,
        }
    }
}

/// The wake-ups of one process.
pub(super) struct Hub {
    /// The mailboxes that somebody here has open.
    pub(super) registry: Registry,
    /// The accounts that somebody here watches as a whole.
    pub(super) accounts: AccountWatch,
    events: Arc<Events>,
    /// Wakes this process' worker.
    pub(super) outbox: watch::Sender<u64>,
    pending: Mutex<HashSet<Topic>>,
    filled: Notify,
    /// Backend that sends our own notifications, so that the listener can tell them: 0 for none.
    sender: AtomicU32,
}

impl Hub {
    pub(super) fn new(events: Arc<Events>) -> Self {
        Self {
            registry: Registry::default(),
            accounts: AccountWatch::default(),
            events,
            outbox: watch::Sender::new(0),
            pending: Mutex::default(),
            filled: Notify::new(),
            sender: AtomicU32::new(0),
        }
    }

    /// After COMMIT: wakes who is here at once, and the other gateways soon.
    pub(super) fn wake(&self, topics: impl IntoIterator<Item = Topic>) {
        let mut pending = self.pending.lock();
        for topic in topics {
            self.tell(topic);
            if pending.len() < PENDING_MAX {
                pending.insert(topic);
            }
        }
        drop(pending);
        self.filled.notify_one();
    }

    /// After COMMIT: wakes everybody but who has this mailbox open here.
    fn wake_others(&self, mailbox: MailboxId) {
        let mut pending = self.pending.lock();
        if pending.len() < PENDING_MAX {
            pending.insert(Topic::Mailbox(mailbox));
        }
        drop(pending);
        self.accounts.tick_mailbox(mailbox);
        self.filled.notify_one();
    }

    fn tell(&self, topic: Topic) {
        match topic {
            Topic::Mailbox(id) => {
                if let Some(live) = self.registry.find(id) {
                    live.refresh_soon();
                }
                self.accounts.tick_mailbox(id);
            }
            Topic::Names(id) => self.accounts.tick(id),
            Topic::Account(id) => self.events.wake(id),
            Topic::Notices => self.outbox.send_modify(|n| *n = n.wrapping_add(1)),
        }
    }

    fn tell_everybody(&self) {
        for live in self.registry.all() {
            live.refresh_soon();
        }
        self.accounts.tick_all();
        self.events.wake_all();
        self.outbox.send_modify(|n| *n = n.wrapping_add(1));
    }
}

/// Starts sending, listening and polling; each ends when `stop` closes. What is then still pending is
/// left to the others' poll.
pub(super) fn start(
    hub: &Arc<Hub>,
    pool: &Connections,
    connect: &PgConnectOptions,
    stop: &watch::Receiver<()>,
) -> [JoinHandle<()>; 3] {
    [
        tokio::spawn(until(stop.clone(), send(hub.clone(), connect.clone()))),
        tokio::spawn(until(stop.clone(), listen(hub.clone(), connect.clone()))),
        tokio::spawn(until(stop.clone(), poll(hub.clone(), pool.clone()))),
    ]
}

async fn until(mut stop: watch::Receiver<()>, work: impl Future<Output = ()>) {
    tokio::select! {
        // The channel carries nothing: it changes by closing.
        _ = stop.changed() => {}
        () = work => {}
    }
}

impl Store {
    /// After COMMIT: wakes everybody who has one of these mailboxes open.
    pub(super) fn wake_mailboxes(&self, ids: impl IntoIterator<Item = MailboxId>) {
        self.0.hub.wake(ids.into_iter().map(Topic::Mailbox));
    }

    /// After COMMIT, when this process' live mailbox is up to date already: wakes everybody else.
    pub(super) fn wake_others(&self, mailbox: MailboxId) {
        self.0.hub.wake_others(mailbox);
    }

    /// After COMMIT: wakes everybody who watches the account's names, subscriptions and annotations.
    pub(super) fn wake_names(&self, account: AccountId) {
        self.0.hub.wake([Topic::Names(account)]);
    }
}

/// Sends what is pending: one statement for all that came while the last one ran, or within [`PACE`] of it.
async fn send(hub: Arc<Hub>, connect: PgConnectOptions) {
    let mut conn: Option<PgConnection> = None;
    let mut next = Instant::now();
    loop {
        tokio::time::sleep_until(next).await;
        let topics = std::mem::take(&mut *hub.pending.lock());
        if topics.is_empty() {
            hub.filled.notified().await;
            continue;
        }
        next = Instant::now() + PACE;
        let result = async {
            let mut open = match conn.take() {
                Some(open) => open,
                None => connect_sender(&hub, &connect).await?,
            };
            let payloads: Vec<String> = topics.iter().map(|t| t.payload()).collect();
            sqlx::query!("select pg_notify($1, p) from unnest($2::text[]) p", CHANNEL, &payloads)
                .execute(&mut open)
                .await?;
            conn = Some(open);
            Ok::<(), sqlx::Error>(())
        };
        if let Err(error) = result.await {
            tracing::warn!(%error, "wake-ups for other gateways are delayed");
            hub.sender.store(0, Ordering::Relaxed);
            hub.pending.lock().extend(topics.into_iter().take(PENDING_MAX));
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn connect_sender(hub: &Hub, connect: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut conn = connect.connect().await?;
    // A wake-up need not survive a crash: everybody who reconnects looks anyway.
    sqlx::query!("select set_config('synchronous_commit', 'off', false)").fetch_one(&mut conn).await?;
    let pid = sqlx::query_scalar!("select pg_backend_pid() as \"pid!\"").fetch_one(&mut conn).await?;
    hub.sender.store(pid.cast_unsigned(), Ordering::Relaxed);
    Ok(conn)
}

/// Hears the other gateways.
async fn listen(hub: Arc<Hub>, connect: PgConnectOptions) {
    loop {
        if let Err(error) = listen_once(&hub, &connect).await {
            tracing::warn!(%error, "wake-ups from other gateways are delayed");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn listen_once(hub: &Hub, connect: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let mut listener = PgListener::connect_with(&pool.connect_with(connect.clone()).await?).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // Listening again from here on; what was said before may have been missed.
        hub.tell_everybody();
        while let Some(heard) = listener.try_recv().await? {
            if heard.process_id() == hub.sender.load(Ordering::Relaxed) {
                continue;
            }
            if let Some(topic) = Topic::parse(heard.payload()) {
                hub.tell(topic);
            }
        }
    }
}

/// Compares all open mailboxes with the database, in one statement each second.
async fn poll(hub: Arc<Hub>, pool: Connections) {
    let mut tick = tokio::time::interval(POLL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in 1_u64.. {
        tick.tick().await;
        if round.is_multiple_of(account_watch::EVERY)
            && let Err(error) = account_watch::compare(&hub.accounts, &pool).await
        {
            tracing::warn!(%error, "watched accounts could not be compared with the database");
        }
        let open = hub.registry.all();
        if open.is_empty() {
            continue;
        }
        let (mut accounts, mut ids, mut known) = (Vec::new(), Vec::new(), Vec::new());
        for live in &open {
            accounts.push(live.account().0);
            ids.push(live.id().0);
            known.push(live.known().0.cast_signed());
        }
        drop(open);
        let behind = sqlx::query_scalar!(
            "select u.id as \"id!\"
               from unnest($1::bigint[], $2::bigint[], $3::bigint[]) u(account_id, id, modseq)
               left join mailbox m on m.account_id = u.account_id and m.id = u.id
              where m.highestmodseq is distinct from u.modseq",
            &accounts,
            &ids,
            &known
        )
        .fetch_all(&pool)
        .await;
        match behind {
            Ok(ids) => ids.into_iter().for_each(|id| hub.tell(Topic::Mailbox(MailboxId(id)))),
            Err(error) => tracing::warn!(%error, "open mailboxes could not be compared with the database"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_come_back() {
        for topic in [
            Topic::Mailbox(MailboxId(7)),
            Topic::Account(AccountId(i64::MAX)),
            Topic::Names(AccountId(1)),
            Topic::Notices,
        ] {
            assert_eq!(Topic::parse(&topic.payload()), Some(topic));
        }
        for other in ["", "m", "m:", "x:1", "m:a", "m:1 2"] {
            assert_eq!(Topic::parse(other), None, "{other:?}");
        }
    }
}
