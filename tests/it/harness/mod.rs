//! What every test stands on: one private PostgreSQL, a database of its own for each test, and a world
//! of four people on a gateway in this process.

mod entrance;
mod ports;
mod world;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::StreamExt as _;
use postern::cli::cluster::{Cluster, Options};
use postern::store::Store;
use sqlx::{Connection as _, Executor as _, PgConnection};

pub use entrance::Entrance;
pub use ports::port;
pub use world::{Person, World, world_database};

/// The private server. It ends with this process, and its folder with it (the cluster's guard).
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let home = home().to_owned();
        Cluster::start(&Options { home, max_connections: 400, ephemeral: true }).unwrap()
    })
}

fn home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| tempfile::Builder::new().prefix("postern-test-").tempdir().unwrap().keep())
}

/// A folder that lasts as long as this process: it lies in the private server's, and goes with it.
pub async fn scratch() -> PathBuf {
    tokio::task::spawn_blocking(|| {
        cluster();
        tempfile::Builder::new().prefix("scratch-").tempdir_in(home()).unwrap().keep()
    })
    .await
    .unwrap()
}

/// The address of a database on the test server.
pub async fn url(database: &str) -> String {
    let database = database.to_owned();
    tokio::task::spawn_blocking(move || cluster().url(&database)).await.unwrap()
}

async fn administer(sql: &str) {
    execute(&url("postgres").await, sql).await;
}

/// Runs statements of the test's own.
pub async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

/// A database from a template; gone with the server.
pub async fn from_template(template: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    administer(&format!("create database {name} template {template}")).await;
    url(&name).await
}

/// The address of a fresh, migrated, empty database.
pub async fn database() -> String {
    static READY: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    READY
        .get_or_init(async || {
            administer("create database migrated").await;
            Store::migrate(&url("migrated").await).await.unwrap();
        })
        .await;
    from_template("migrated").await
}

/// Runs every script, a few at a time, and fails with all that failed. `POSTERN_SCRIPT` picks by name.
pub fn all_pass<F>(scripts: Vec<(String, String)>, run: impl Fn(String, String) -> F + Clone + Send + 'static)
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let only = std::env::var("POSTERN_SCRIPT").ok();
    let scripts: Vec<_> = scripts
        .into_iter()
        .filter(|(name, _)| only.as_ref().is_none_or(|o| name.contains(o.as_str())))
        .collect();
    assert!(only.is_some() || !scripts.is_empty(), "no script found");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let count = scripts.len();
    let failures: Vec<String> = runtime.block_on(async {
        futures_util::stream::iter(scripts)
            .map(|(name, script)| {
                let run = run.clone();
                async move {
                    let shown = name.clone();
                    match tokio::spawn(run(name, script)).await {
                        Ok(Ok(())) => None,
                        Ok(Err(what)) => Some(what),
                        Err(panic) => Some(format!("{shown}.t: {panic}")),
                    }
                }
            })
            .buffer_unordered(4)
            .filter_map(|failure| async { failure })
            .collect()
            .await
    });
    assert!(failures.is_empty(), "{} of {count} scripts fail:\n{}", failures.len(), failures.join("\n"));
    println!("{count} scripts pass");
}
