//! `postern backup check`: a backup is restored into a server of its own, and everything in it is looked at.
//!
//! Invariants: the backup itself and the running system are only read; the scratch server listens on a socket
//! in a closed folder and goes with this process, however that ends; a backup that is good is one that was
//! restored, opened with its master key and found whole.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::cluster::{self, Cluster};
use super::database::{self, Database, master_key};
use super::verify::everything;
use super::{Act, ConfigPlace, Output};
use crate::clock::Clock;
use crate::store::{KeyError, MasterKey, Options, Store, StoreError, VerifyFrom};

/// Connections of the scratch server.
const CONNECTIONS: u32 = 20;
/// How a dump in PostgreSQL's archive format begins.
const ARCHIVE: &[u8] = b"PGDMP";

/// What to do about backups.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Restore a backup into a server of its own, and verify everything in it; it ends with 1 and names what is damaged
    Check {
        /// A dump (`pg_dump -Fc`, a file, or `-Fd`, a folder), or a base backup (`pg_basebackup -Fp`, a folder)
        backup: PathBuf,
        /// Of a base backup: the archive of the WAL behind it, to be gone through to its end
        #[arg(long, value_name = "FOLDER")]
        wal: Option<PathBuf>,
        /// The master key of the time of the backup; without it the configuration's
        #[arg(long, value_name = "FILE")]
        master_key: Option<PathBuf>,
        /// Where the scratch server's files go, for a while: as much room as the database takes
        #[arg(long, value_name = "FOLDER")]
        scratch: Option<PathBuf>,
    },
    /// Run a program of PostgreSQL on the private database, whether or not a gateway runs: `pg_dump`, `pg_basebackup`, ...
    Client {
        /// `pg_dump`, `pg_basebackup`, `pg_receivewal`, `pg_restore` or `psql`
        #[arg(value_parser = client_program)]
        program: String,
        /// What it is given
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// Say that a backup was restored, before a gateway serves it: no UID gets a second meaning, web sign-ins end
    Restored,
}

/// PostgreSQL's programs that `client` runs.
const PROGRAMS: [&str; 5] = ["pg_dump", "pg_basebackup", "pg_receivewal", "pg_restore", "psql"];

fn client_program(name: &str) -> Result<String, String> {
    if PROGRAMS.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(format!("it runs {}", PROGRAMS.join(", ")))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dump,
    Base,
}

/// Does it.
///
/// # Errors
/// A sentence that says what is wrong with the backup.
pub async fn run(place: &ConfigPlace, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Check { backup, wal, master_key, scratch } => {
            check(place, &backup, wal, master_key.as_deref(), scratch.as_deref(), output).await
        }
        Command::Client { program, arguments } => client(place, &program, arguments).await,
        Command::Restored => {
            database::with_store(place, Act::Changes, async |store| {
                let done = store.after_restore().await?;
                output.print(
                    &serde_json::json!({ "mailboxes": done.mailboxes, "sign_ins": done.sign_ins }),
                    format_args!(
                        "{} mailboxes went ahead of what mail programs know, {} web sign-ins are ended. App \
                         passwords that were revoked after the backup are good again: look through them.\n",
                        done.mailboxes, done.sign_ins
                    ),
                )
            })
            .await
        }
    }
}

/// Runs one of PostgreSQL's programs; it ends as that one ends.
async fn client(
    place: &ConfigPlace,
    program: &str,
    arguments: Vec<std::ffi::OsString>,
) -> anyhow::Result<()> {
    let config = place.load()?;
    if config.server_url()?.is_some() {
        bail!("the database is on a server of yours: back it up as its others, see docs/operations.md");
    }
    let database = Database::reach(&config).await?;
    let home = config.database.data_dir.clone();
    let path = cluster::program(program, None)?;
    let mut command = match &database.cluster {
        Some(cluster) => cluster.client(&path, cluster::NAME),
        None => cluster::running_client(&home, &path)?.context("the private PostgreSQL does not run")?,
    };
    command.args(arguments).stdin(std::process::Stdio::inherit());
    let ended = tokio::task::spawn_blocking(move || command.status()).await?;
    database.stop().await?;
    let status = ended.with_context(|| program.to_owned())?;
    if !status.success() {
        bail!("{program} ended with {status}");
    }
    Ok(())
}

async fn check(
    place: &ConfigPlace,
    backup: &Path,
    wal: Option<PathBuf>,
    key_file: Option<&Path>,
    scratch: Option<&Path>,
    output: Output,
) -> anyhow::Result<()> {
    let backup = backup.canonicalize().with_context(|| backup.display().to_string())?;
    let key = match key_file {
        Some(file) => MasterKey::load(file)?,
        None => master_key(&place.load()?)?,
    };
    let kind = kind_of(&backup)?;
    if kind == Kind::Dump && wal.is_some() {
        bail!("WAL goes with a base backup, not with a dump");
    }
    let home = scratch_folder(scratch)?;
    let restored = {
        let (home, backup) = (home.clone(), backup.clone());
        tokio::task::spawn_blocking(move || restore(kind, &home, &backup, wal.as_deref())).await?
    };
    let done = match restored {
        Ok(cluster) => {
            let found = look(&cluster, key).await;
            tokio::task::spawn_blocking(move || cluster.stop()).await?;
            found
        }
        Err(error) => Err(error),
    };
    // The scratch server's guard has removed it, unless there was no server yet.
    let _ = std::fs::remove_dir_all(&home);
    let (messages, faults) = done?;
    let mut text = String::new();
    for fault in &faults {
        let _ = writeln!(text, "DAMAGED  {fault}");
    }
    if faults.is_empty() {
        text =
            format!("The backup is good: restored, opened with its master key, {messages} messages whole.\n");
    }
    output.print(&serde_json::json!({ "messages": messages, "faults": faults }), text)?;
    if !faults.is_empty() {
        bail!("the backup is damaged: {} faults in {messages} messages", faults.len());
    }
    Ok(())
}

fn kind_of(backup: &Path) -> anyhow::Result<Kind> {
    if backup.is_dir() {
        if backup.join("PG_VERSION").is_file() {
            return Ok(Kind::Base);
        } else if backup.join("toc.dat").is_file() {
            return Ok(Kind::Dump);
        }
        bail!("{} is neither a base backup (-Fp) nor a dump (-Fd)", backup.display());
    }
    let mut start = [0; ARCHIVE.len()];
    let read = std::fs::File::open(backup).and_then(|mut file| file.read_exact(&mut start));
    if read.is_err() || start != ARCHIVE {
        bail!("{} is no dump in PostgreSQL's own format: make it with pg_dump -Fc", backup.display());
    }
    Ok(Kind::Dump)
}

/// A folder that nobody has yet.
fn scratch_folder(under: Option<&Path>) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let under = under.map_or_else(std::env::temp_dir, Path::to_owned);
    for n in 0..100 {
        let path = under.join(format!("postern-check-{}-{n}", std::process::id()));
        match std::fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e).with_context(|| path.display().to_string()),
        }
    }
    bail!("no scratch folder can be made in {}", under.display())
}

/// Blocks.
fn restore(kind: Kind, home: &Path, backup: &Path, wal: Option<&Path>) -> anyhow::Result<Cluster> {
    let options = cluster::Options { home: home.to_owned(), max_connections: CONNECTIONS, ephemeral: true };
    match kind {
        Kind::Base => {
            let version = std::fs::read_to_string(backup.join("PG_VERSION"))?;
            let major = version.trim().parse().ok();
            if backup.join("backup_manifest").is_file() {
                eprintln!("postern: comparing the files with the backup's manifest");
                let mut verify = std::process::Command::new(cluster::program("pg_verifybackup", major)?);
                said_well("pg_verifybackup", verify.env("LC_ALL", "C").arg(backup))?;
            }
            eprintln!("postern: copying the base backup, and starting a server on the copy");
            cluster::from_base_backup(home, backup, wal)?;
            Cluster::start(&options).context("PostgreSQL does not start on the backup")
        }
        Kind::Dump => {
            eprintln!("postern: restoring the dump into a server of its own");
            let cluster = Cluster::start(&options)?;
            let program = cluster::program("pg_restore", None)?;
            let mut command = cluster.client(&program, cluster::NAME);
            command.args(["--no-owner", "--no-privileges", "--exit-on-error", "--dbname", cluster::NAME]);
            said_well("pg_restore", command.arg(backup))?;
            Ok(cluster)
        }
    }
}

fn said_well(program: &str, command: &mut std::process::Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| program.to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // Its first words name the cause; a row's values, should it quote some, are further down.
    let said: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).take(3).collect();
    bail!("the backup cannot be restored: {program} said: {}", said.join("; "))
}

async fn look(cluster: &Cluster, key: MasterKey) -> anyhow::Result<(u64, Vec<String>)> {
    let url = cluster.url(cluster::NAME);
    if !Store::has_master_key(&url).await? {
        bail!("the backup holds no database of this program");
    }
    Store::migrate(&url).await.context("the backup was made by a newer version of this program")?;
    let options = Options {
        database_url: url,
        max_connections: 4,
        master_key: key,
        domain: "backup-check.invalid".to_owned(),
        clock: Clock::system(),
    };
    let store = match Store::open(options).await {
        Err(StoreError::Key(error @ KeyError::Wrong)) => {
            return Err(error).context("this is not the master key of the backup");
        }
        opened => opened?,
    };
    // What the backup says of a verification that was interrupted is not about the backup.
    let found = everything(&store, None, VerifyFrom::Start).await;
    store.close().await;
    found
}
