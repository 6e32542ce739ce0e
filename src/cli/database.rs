//! From the configuration to an open store: the operator's server or the private one, schema and master key.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::cluster::{self, Cluster, ClusterError};
use super::{Act, ConfigPlace};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{KeyError, MasterKey, Options, Store, StoreError};

/// How long a verb waits for a gateway that is just starting its private PostgreSQL.
const STARTING: Duration = Duration::from_mins(1);
/// Connections of the private server beside the gateway's own: verbs, psql, `pg_dump`.
const SPARE_CONNECTIONS: u32 = 40;

/// A verb asks one thing after the other; the store's background needs some too.
const VERB_CONNECTIONS: u32 = 4;

/// A database that can be reached, and the private server behind it if this process runs it.
pub struct Database {
    /// For sqlx, psql and `pg_dump`.
    pub url: String,
    /// Stopped when dropped.
    pub cluster: Option<Cluster>,
}

impl Database {
    /// The server named in the configuration, or the private one, started or adopted.
    ///
    /// # Errors
    /// Also when another process runs the private one.
    pub async fn run(config: &Config) -> anyhow::Result<Self> {
        if let Some(url) = config.server_url()? {
            return Ok(Self { url, cluster: None });
        }
        let options = options(config);
        let cluster = tokio::task::spawn_blocking(move || Cluster::start(&options)).await??;
        Ok(Self { url: cluster.url(cluster::NAME), cluster: Some(cluster) })
    }

    /// For a verb: the private server may be run by a gateway, then that one is used; else it runs as
    /// long as the verb.
    ///
    /// # Errors
    /// The server cannot be started, or does not get ready.
    pub async fn reach(config: &Config) -> anyhow::Result<Self> {
        if let Some(url) = config.server_url()? {
            return Ok(Self { url, cluster: None });
        }
        let home = options(config).home;
        let mut look = tokio::time::interval(Duration::from_millis(100));
        let begin = tokio::time::Instant::now();
        loop {
            look.tick().await;
            let options = options(config);
            match tokio::task::spawn_blocking(move || Cluster::start(&options)).await? {
                Ok(cluster) => {
                    return Ok(Self { url: cluster.url(cluster::NAME), cluster: Some(cluster) });
                }
                Err(ClusterError::Busy { .. }) => {
                    if let Some(url) = running(home.clone()).await? {
                        return Ok(Self { url, cluster: None });
                    }
                }
                Err(other) => return Err(other.into()),
            }
            if begin.elapsed() > STARTING {
                bail!(
                    "the gateway that runs the private PostgreSQL in {} does not get ready",
                    home.display()
                );
            }
        }
    }

    /// Stops the private server, if this process runs it.
    ///
    /// # Errors
    /// None of its own.
    pub async fn stop(self) -> anyhow::Result<()> {
        if let Some(cluster) = self.cluster {
            tokio::task::spawn_blocking(move || cluster.stop()).await?;
        }
        Ok(())
    }
}

async fn running(home: PathBuf) -> anyhow::Result<Option<String>> {
    Ok(tokio::task::spawn_blocking(move || cluster::running(&home)).await??)
}

fn options(config: &Config) -> cluster::Options {
    cluster::Options {
        home: config.database.data_dir.clone(),
        max_connections: config.database.connections + SPARE_CONNECTIONS,
        ephemeral: false,
    }
}

/// Brings the schema up to date and makes the master key where there is neither key nor data.
///
/// # Errors
/// A lost key, or a database that refuses.
pub async fn prepare(config: &Config, url: &str) -> anyhow::Result<()> {
    Store::migrate(url).await?;
    let path = &config.keys.master_file;
    if !config.keys.master_command.is_empty() || path.exists() || Store::has_master_key(url).await? {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    match MasterKey::create(path) {
        Ok(_) => eprintln!("postern: made the master key {}: keep a copy in a safe place", path.display()),
        // Another process was first.
        Err(KeyError::Exists(_)) => {}
        Err(other) => return Err(other.into()),
    }
    Ok(())
}

/// The master key, from its file or its program.
///
/// # Errors
/// What is wrong with it.
pub fn master_key(config: &Config) -> Result<MasterKey, KeyError> {
    match &config.keys.master_command[..] {
        [] => MasterKey::load(&config.keys.master_file),
        words => MasterKey::from_command(words),
    }
}

/// Opens the store behind an address.
///
/// # Errors
/// A wrong or missing key, an old schema, no database.
pub async fn open(config: &Config, url: &str, connections: u32, clock: Clock) -> anyhow::Result<Store> {
    let master_key = match master_key(config) {
        Ok(key) => key,
        Err(KeyError::Missing(_)) if !Store::has_master_key(url).await.unwrap_or(true) => {
            bail!("the database is empty; prepare it with: postern migrate")
        }
        Err(error) => return Err(error.into()),
    };
    let options = Options {
        database_url: url.to_owned(),
        max_connections: connections,
        master_key,
        domain: config.mail.domain.clone(),
        clock,
    };
    match Store::open(options).await {
        Ok(store) => Ok(store),
        Err(error @ StoreError::Key(_)) => Err(error.into()),
        Err(error) => Err(error).context("the database cannot be used (is it running, and migrated?)"),
    }
}

/// Runs a verb on the system's data, whether or not a gateway runs beside it.
///
/// # Errors
/// A sentence for the operator; or what the verb came to.
pub async fn with_store(
    place: &ConfigPlace,
    act: Act,
    verb: impl AsyncFnOnce(&Store) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let config = place.load()?;
    let origin = place.origin(&config, act)?;
    let database = Database::reach(&config).await?;
    let done = async {
        let store = open(&config, &database.url, VERB_CONNECTIONS, Clock::system()).await?;
        let done = verb(&store.acting_as(origin)).await;
        store.close().await;
        done
    }
    .await;
    database.stop().await?;
    done
}
