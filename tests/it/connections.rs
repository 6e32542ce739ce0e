//! Connections to the database: statements that follow each other meet the server process that has just answered, and
//! one that was given up or failed is nobody else's burden.

use postern::clock::Clock;
use postern::store::{MasterKey, Options, Store};
use postern::types::AccountId;

use crate::client::PATIENCE;
use crate::harness;

const CONNECTIONS: u32 = 16;

struct Place {
    store: Store,
    pool: sqlx::PgPool,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let url = harness::database().await;
        let folder = tempfile::tempdir().unwrap();
        MasterKey::create(&folder.path().join("master.key")).unwrap();
        let store = Store::open(Options {
            database_url: url.clone(),
            max_connections: CONNECTIONS,
            master_key: MasterKey::load(&folder.path().join("master.key")).unwrap(),
            domain: "secure.test".to_owned(),
            clock: Clock::system(),
        })
        .await
        .unwrap();
        Self { store, pool: sqlx::PgPool::connect(&url).await.unwrap(), _folder: folder }
    }

    async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.unwrap()
    }

    /// Returns when so many of the store's statements wait for a lock.
    async fn until_waiting(&self, count: i64) {
        let waiting = "select count(*) from pg_stat_activity where datname = current_database()
                          and application_name = 'postern' and wait_event_type = 'Lock'";
        let patience = tokio::time::Instant::now() + PATIENCE;
        while self.number(waiting).await < count {
            assert!(tokio::time::Instant::now() < patience, "nobody waits");
            tokio::task::yield_now().await;
        }
    }
}

/// After a crowd has filled the pool, one statement after the other costs one warm server process, not all in turn.
#[tokio::test(flavor = "multi_thread")]
async fn statements_in_turn_meet_the_same_server_process() {
    let place = Place::new().await;
    let mut holder = place.pool.begin().await.unwrap();
    sqlx::query("lock table practice").execute(&mut *holder).await.unwrap();
    let crowd: Vec<_> = (0..10)
        .map(|_| {
            let store = place.store.clone();
            tokio::spawn(async move { store.practices().await.unwrap() })
        })
        .collect();
    place.until_waiting(10).await;
    holder.rollback().await.unwrap();
    for one in crowd {
        one.await.unwrap();
    }
    let since: String =
        sqlx::query_scalar("select clock_timestamp()::text").fetch_one(&place.pool).await.unwrap();
    for _ in 0..50 {
        assert!(place.store.account(AccountId(1)).await.unwrap().is_none());
    }
    // Ten or more, if they were taken in turn; what the store does in the background may have taken one meanwhile.
    let met = place
        .number(&format!(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'postern'
                and query_start > '{since}' and query like '%from account%'"
        ))
        .await;
    assert!((1..6).contains(&met), "50 statements met {met} server processes");
}

/// A connection whose statement was given up, or failed, goes back to be looked at: the next statement does not wait
/// for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_was_given_up_holds_up_nobody() {
    let place = Place::new().await;
    place.store.account(AccountId(1)).await.unwrap();
    let mut holder = place.pool.begin().await.unwrap();
    sqlx::query("lock table notice").execute(&mut *holder).await.unwrap();
    for round in 1..=3 {
        tokio::select! {
            answer = place.store.notices_named("a") => panic!("answered although the table is locked: {answer:?}"),
            () = place.until_waiting(round) => {}
        }
        let next = tokio::time::timeout(PATIENCE, place.store.account(AccountId(1))).await;
        assert!(next.expect("does not wait for another's lock").unwrap().is_none());
    }
    holder.rollback().await.unwrap();
    assert!(place.store.notices_named("a").await.unwrap().is_empty());
}

/// Single statements never keep a transaction from its connection, and the store closes with all of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_statements_and_transactions_ends() {
    let place = Place::new().await;
    let crowd: Vec<_> = (0..400)
        .map(|n| {
            let store = place.store.clone();
            tokio::spawn(async move {
                if n % 2 == 0 {
                    store.practices().await.map(drop)
                } else {
                    store.set_tier(AccountId(1), postern::types::Tier::Free).await.map(drop)
                }
            })
        })
        .collect();
    for one in crowd {
        one.await.unwrap().unwrap();
    }
    let ours = "select count(*) from pg_stat_activity
                 where datname = current_database() and application_name = 'postern'";
    // Two more listen and send wake-ups.
    assert!(place.number(ours).await <= i64::from(CONNECTIONS) + 2);
    place.store.close().await;
    let patience = tokio::time::Instant::now() + PATIENCE;
    while place.number(ours).await > 0 {
        assert!(tokio::time::Instant::now() < patience, "a connection stays open");
        tokio::task::yield_now().await;
    }
}
