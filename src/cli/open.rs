//! The store for a verb that runs beside the gateway, or without one.
//!
//! Invariant: a private PostgreSQL that somebody runs is used as it is; one that nobody runs is started
//! for the verb alone and stopped after it.

use anyhow::Context as _;

use super::ConfigPlace;
use super::cluster::{self, Cluster};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{KeyError, MasterKey, Options, Store, StoreError};

/// Connections that a verb may open: its own, and those of the store's background.
const CONNECTIONS: u32 = 4;

/// Opens the store that the configuration names, does the work, and closes it in any case.
///
/// # Errors
/// A sentence for the operator; or what the work came to.
pub fn with_store<W>(place: &ConfigPlace, work: W) -> anyhow::Result<()>
where
    W: AsyncFnOnce(&Store) -> anyhow::Result<()>,
{
    let config = place.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (url, started) = database(&config)?;
    let done = runtime.block_on(async {
        let store = open(&config, &url).await?;
        let done = work(&store).await;
        store.close().await;
        done
    });
    if let Some(cluster) = started {
        cluster.stop();
    }
    done
}

/// The database's address, and the private server if it had to be started.
fn database(config: &Config) -> anyhow::Result<(String, Option<Cluster>)> {
    if let Some(url) = config.server_url()? {
        return Ok((url, None));
    }
    let home = &config.database.data_dir;
    if let Some(url) = cluster::running(home)? {
        return Ok((url, None));
    }
    let started = Cluster::start(&cluster::Options {
        home: home.clone(),
        max_connections: config.database.connections,
        ephemeral: false,
    })?;
    Ok((started.url(cluster::NAME), Some(started)))
}

async fn open(config: &Config, url: &str) -> anyhow::Result<Store> {
    let file = &config.keys.master_file;
    let master_key = match MasterKey::load(file) {
        Ok(key) => key,
        Err(KeyError::Missing(_)) if !Store::has_master_key(url).await.unwrap_or(true) => {
            anyhow::bail!("the database is empty; prepare it with: postern migrate")
        }
        Err(e) => return Err(e.into()),
    };
    let options = Options {
        database_url: url.to_owned(),
        max_connections: CONNECTIONS,
        master_key,
        domain: config.mail.domain.clone(),
        clock: Clock::system(),
    };
    match Store::open(options).await {
        Ok(store) => Ok(store),
        Err(e @ StoreError::Key(_)) => Err(e.into()),
        Err(e) => Err(e).context("the database cannot be used (is it running, and migrated?)"),
    }
}
