//! `postern audit`: who did what, and whether the log is whole.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context as _;
use serde::Serialize;

use super::database::with_store;
use super::table::Table;
use super::{Act, ConfigPlace, Output};
use crate::store::{AuditFilter, AuditRow, HeadFile, Store, hex};
use crate::types::{Address, AuditAction, AuditNote};

/// What to do with the audit log.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the last entries, the oldest of them first
    List {
        /// Only those by or about one account: one of its two addresses
        #[arg(long, value_name = "ADDRESS")]
        account: Option<Address>,
        /// Only those of one action: sign-in, send, read, lock, ...
        #[arg(long, value_parser = action)]
        action: Option<AuditAction>,
        /// Not before, as 2026-11-24T08:00:00Z
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<SystemTime>,
        /// How many at most
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: u32,
    },
    /// Go through the whole log; name the first entry that is not as it was written
    Verify {
        /// Compare with this file, too, which a gateway wrote (`audit.head_file`); may be given several times
        #[arg(long, value_name = "FILE")]
        head: Vec<PathBuf>,
    },
    /// Write all sealed entries to standard output, one JSON object a line
    Export {
        /// Only those after this number
        #[arg(long, default_value_t = 0, value_name = "N")]
        after: u64,
    },
}

fn action(word: &str) -> Result<AuditAction, String> {
    AuditAction::ALL.iter().copied().find(|a| a.as_str() == word).ok_or_else(|| {
        let known: Vec<_> = AuditAction::ALL.iter().map(|a| a.as_str()).collect();
        format!("no such action; there are: {}", known.join(", "))
    })
}

fn time(text: &str) -> Result<SystemTime, String> {
    text.parse::<jiff::Timestamp>()
        .map(SystemTime::from)
        .map_err(|_| "a time looks like 2026-11-24T08:00:00Z".to_owned())
}

#[derive(Serialize)]
struct Shown<'a> {
    seq: Option<u64>,
    at: String,
    actor: &'a str,
    address: Option<&'a str>,
    action: &'a str,
    account: Option<i64>,
    object: Option<&'a str>,
    result: &'a str,
    detail: Option<&'a str>,
    gateway: &'a str,
    mac: String,
}

impl<'a> From<&'a AuditRow> for Shown<'a> {
    fn from(e: &'a AuditRow) -> Self {
        Self {
            seq: e.seq,
            at: moment(e.at),
            actor: &e.actor,
            address: e.address.as_deref(),
            action: &e.action,
            account: e.account.map(|a| a.0),
            object: e.object.as_deref(),
            result: &e.result,
            detail: e.detail.as_deref(),
            gateway: &e.gateway,
            mac: hex(&e.mac),
        }
    }
}

/// To the millisecond.
fn moment(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at)
        .map_or_else(|_| "?".to_owned(), |t| t.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Does it.
///
/// # Errors
/// A sentence for Support; also when the log is not whole.
pub async fn run(place: &ConfigPlace, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::List { account, action, since, limit } => {
            with_store(place, Act::Looks, async |store| {
                let account = match &account {
                    Some(address) => Some(super::user::find(store, address).await?.id),
                    None => None,
                };
                list(store, &AuditFilter { account, action, since, limit }, output).await
            })
            .await
        }
        Command::Verify { mut head } => {
            head.extend(place.load()?.audit.head_file);
            with_store(place, Act::Looks, async |store| verify(store, &head, output).await).await
        }
        Command::Export { after } => {
            with_store(place, Act::Changes, async |store| export(store, after).await).await
        }
    }
}

async fn list(store: &Store, filter: &AuditFilter, output: Output) -> anyhow::Result<()> {
    let entries = store.audit_entries(filter).await?;
    let mut table = Table::new(
        ["NUMBER", "TIME", "ACTOR", "FROM", "ACTION", "RESULT", "ACCOUNT", "OBJECT", "DETAIL"],
        "There are no such entries",
    );
    let or = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    for e in &entries {
        table.row([
            e.seq.map_or_else(|| "new".to_owned(), |n| n.to_string()),
            moment(e.at),
            e.actor.clone(),
            or(e.address.clone()),
            e.action.clone(),
            e.result.clone(),
            or(e.account.map(|a| a.to_string())),
            or(e.object.clone()),
            or(e.detail.clone()),
        ]);
    }
    output.print(&entries.iter().map(Shown::from).collect::<Vec<_>>(), table)
}

#[derive(Serialize)]
struct Whole {
    first: u64,
    last: u64,
    heads: u64,
    not_sealed_yet: u64,
}

async fn verify(store: &Store, heads: &[PathBuf], output: Output) -> anyhow::Result<()> {
    store.seal_audit_in_turn().await?;
    let mut files = Vec::new();
    for path in heads {
        files.push(HeadFile::read(path).with_context(|| path.display().to_string())?);
    }
    match store.audit_verify(&files).await? {
        Ok(v) => {
            let whole = Whole { first: v.first, last: v.last, heads: v.heads, not_sealed_yet: v.pending };
            let mut text = format!("The audit log is whole: entries {} to {}.\n", v.first, v.last);
            if heads.is_empty() {
                text.push_str(
                    "No head file to compare with: a log cut off at its end would not be noticed.\n",
                );
            } else {
                let _ = writeln!(text, "It agrees with {} lines of head files.", v.heads);
            }
            if v.pending > 0 {
                let _ = writeln!(text, "{} entries are not sealed yet.", v.pending);
            }
            output.print(&whole, text)
        }
        Err(broken) => anyhow::bail!("the audit log is not whole: {broken}"),
    }
}

async fn export(store: &Store, after: u64) -> anyhow::Result<()> {
    store.seal_audit_in_turn().await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut last = after;
    loop {
        let entries = store.audit_after(last).await?;
        for entry in &entries {
            serde_json::to_writer(&mut out, &Shown::from(entry))?;
            out.write_all(b"\n")?;
            last = entry.seq.unwrap_or(last);
        }
        if entries.is_empty() {
            break;
        }
    }
    out.flush()?;
    store.audit_note(AuditNote::done(AuditAction::AuditExport).detail(format!("after={after} last={last}")));
    Ok(())
}
