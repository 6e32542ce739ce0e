//! `postern keys`: the life of the master key.

use anyhow::Context as _;

use super::progress::Progress;
use super::table::{Table, rfc3339, shown};
use super::{Act, ConfigPlace, Output, database};
use crate::config::Config;
use crate::store::{KeyStatus, MasterKey, Store};
use crate::types::{AuditAction, AuditNote};

/// What to do with the master key.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum Command {
    /// Show the versions of the master key, and what is wrapped with each
    Status,
    /// Put a new version into the key file, unused yet: then copy the file to every gateway, and rotate
    Prepare,
    /// Wrap every seal key with a new version, while the gateways serve; goes on where it was interrupted
    Rotate,
    /// Take versions that wrap nothing any more out of the key file. Backups made before the rotation need them: keep a copy as long as you keep those
    Retire,
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(self) -> Act {
        match self {
            Self::Status => Act::Looks,
            Self::Prepare | Self::Rotate | Self::Retire => Act::Changes,
        }
    }
}

/// Does it.
///
/// # Errors
/// A sentence for the operator.
pub async fn run(place: &ConfigPlace, command: Command, output: Output) -> anyhow::Result<()> {
    let config = place.load()?;
    database::with_store(place, command.act(), async |store| match command {
        Command::Status => status(store, output).await,
        Command::Prepare => {
            let version = prepare(store, &config).await?;
            let file = config.keys.master_file.display();
            output.print(
                &serde_json::json!({ "prepared": version }),
                format_args!(
                    "Version {version} is in {file}, unused yet. Copy the file to every gateway (and to a safe \
                     place), then run: postern keys rotate\n"
                ),
            )
        }
        Command::Rotate => rotate(store, &config, output).await,
        Command::Retire => retire(store, &config, output).await,
    })
    .await
}

async fn prepare(store: &Store, config: &Config) -> anyhow::Result<i32> {
    if !config.keys.master_command.is_empty() {
        anyhow::bail!(
            "the master key comes from keys.master_command: make that program print a further line with the \
             next version, then run: postern keys rotate"
        );
    }
    let note = |version: &i32| AuditNote::done(AuditAction::KeysPrepare).object("master-key", version);
    Ok(store.with_key_file(|| MasterKey::add_version(&config.keys.master_file), note).await?)
}

async fn status(store: &Store, output: Output) -> anyhow::Result<()> {
    let all = store.key_status().await?;
    let mut table =
        Table::new(["VERSION", "SINCE", "SEAL KEYS", "IN THE KEY FILE"], "There is no master key");
    for KeyStatus { version, since, seal_keys, at_hand } in &all {
        table.row([
            version.to_string(),
            since.map_or_else(|| "prepared, not used yet".to_owned(), shown),
            seal_keys.to_string(),
            if *at_hand { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let data: Vec<_> = all
        .iter()
        .map(|k| {
            serde_json::json!({
                "version": k.version, "since": k.since.map(rfc3339), "seal_keys": k.seal_keys, "at_hand": k.at_hand
            })
        })
        .collect();
    output.print(&data, table)?;
    if let Some(lost) = all.iter().find(|k| !k.at_hand && k.seal_keys > 0) {
        anyhow::bail!(
            "version {} wraps {} seal keys and is not in the key file: what they seal cannot be read",
            lost.version,
            lost.seal_keys
        );
    }
    Ok(())
}

async fn rotate(store: &Store, config: &Config, output: Output) -> anyhow::Result<()> {
    let mut begun = store.rotate_begin().await?;
    if begun.is_none() {
        prepare(store, config).await?;
        begun = store.rotate_begin().await?;
    }
    let mut rotation = begun.context("the key file has no new version")?;
    if rotation.resumed {
        eprintln!("postern: going on with the rotation to version {}", rotation.version);
    }
    let all = rotation.left;
    let progress = Progress::begin("seal keys", all);
    while store.rotate_some(&mut rotation).await? {
        progress.at(all - rotation.left.min(all));
    }
    progress.end();
    if !rotation.damaged.is_empty() {
        let ids: Vec<String> = rotation.damaged.iter().map(ToString::to_string).collect();
        anyhow::bail!(
            "{} seal keys are wrapped with version {}, but {} do not open and were left: seal_key {}; restore them \
             from a backup and run it again",
            all - rotation.left.min(all),
            rotation.version,
            ids.len(),
            ids.join(", ")
        );
    }
    if rotation.left > 0 {
        anyhow::bail!("{} seal keys are not wrapped anew yet; run it again", rotation.left);
    }
    output.print(
        &serde_json::json!({ "version": rotation.version, "wrapped": all }),
        format_args!(
            "{all} seal keys are wrapped with version {}. Keep the old version with the backups made until now; \
             take it out of the key file with: postern keys retire\n",
            rotation.version
        ),
    )
}

async fn retire(store: &Store, config: &Config, output: Output) -> anyhow::Result<()> {
    if !config.keys.master_command.is_empty() {
        anyhow::bail!(
            "the master key comes from keys.master_command: take old versions out of that yourself"
        );
    }
    let all = store.key_status().await?;
    let current = all.iter().filter(|k| k.since.is_some()).map(|k| k.version).max().unwrap_or(0);
    for old in all.iter().filter(|k| k.version < current) {
        if !store.key_is_unused(old.version).await? {
            anyhow::bail!("version {} still wraps seal keys; first run: postern keys rotate", old.version);
        }
    }
    let numbers = |gone: &Vec<i32>| gone.iter().map(ToString::to_string).collect::<Vec<_>>();
    let note = |gone: &Vec<i32>| {
        let gone = numbers(gone);
        let gone = if gone.is_empty() { "none".to_owned() } else { gone.join(",") };
        AuditNote::done(AuditAction::KeysRetire).object("master-key", current).detail(format!("gone={gone}"))
    };
    let gone = store.with_key_file(|| MasterKey::retire(&config.keys.master_file, current), note).await?;
    let numbers = numbers(&gone);
    let text = if gone.is_empty() {
        "The key file holds no old version.\n".to_owned()
    } else {
        format!("The key file holds version {} no more.\n", numbers.join(", "))
    };
    output.print(&serde_json::json!({ "retired": gone }), text)
}
