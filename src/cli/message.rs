//! `postern message`: deleted messages, as long as they are recoverable. Support sees when and where, not what.

use std::time::SystemTime;

use anyhow::Context as _;

use super::table::{Table, rfc3339, shown};
use super::user::find;
use super::{Act, Output};
use crate::store::{Deleted, Store};
use crate::types::{AccountId, Address, MailboxId, MailboxName};

/// What to do with deleted messages.
#[derive(clap::Subcommand)]
pub enum Command {
    /// List what an account deleted and can have back
    ListDeleted {
        /// One of the account's two addresses
        address: Address,
        /// Deleted at this time or later, as 2026-11-24T08:00:00Z
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<SystemTime>,
    },
    /// Bring deleted messages back, into the mailbox they were in or, where that is gone, into INBOX
    Restore {
        /// One of the account's two addresses
        address: Address,
        /// The messages, as the list names them
        #[arg(value_name = "MAILBOX/UID", value_parser = item)]
        messages: Vec<(i64, u32)>,
        /// All that was deleted at this time or later, as 2026-11-24T08:00:00Z
        #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "messages", required_unless_present = "messages")]
        since: Option<SystemTime>,
        /// Into this mailbox
        #[arg(long, value_name = "MAILBOX")]
        to: Option<String>,
    },
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::ListDeleted { .. } => Act::Looks,
            Self::Restore { .. } => Act::Changes,
        }
    }
}

fn time(text: &str) -> Result<SystemTime, String> {
    text.parse::<jiff::Timestamp>()
        .map(SystemTime::from)
        .map_err(|_| "a time looks like 2026-11-24T08:00:00Z".to_owned())
}

fn item(text: &str) -> Result<(i64, u32), String> {
    let parsed = text.split_once('/').and_then(|(m, u)| Some((m.parse().ok()?, u.parse().ok()?)));
    parsed.ok_or_else(|| "a message is named as in the list: 12/345".to_owned())
}

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::ListDeleted { address, since } => {
            let account = find(store, &address).await?.id;
            let deleted = store.deleted(account, since.unwrap_or(SystemTime::UNIX_EPOCH)).await?;
            list(&deleted, output)
        }
        Command::Restore { address, messages, since, to } => {
            let account = find(store, &address).await?.id;
            let to = match to {
                Some(name) => Some(mailbox(store, account, &MailboxName::new(&name)?).await?),
                None => None,
            };
            let deleted = store.deleted(account, since.unwrap_or(SystemTime::UNIX_EPOCH)).await?;
            let wanted: Vec<&Deleted> = deleted
                .iter()
                .filter(|d| since.is_some() || messages.contains(&(d.mailbox.0, d.uid)))
                .collect();
            if since.is_none() && wanted.len() < messages.len() {
                anyhow::bail!(
                    "not all of these can be brought back; see: postern message list-deleted {address}"
                );
            }
            let count = restore(store, account, &wanted, to).await?;
            output.print(
                &serde_json::json!({ "restored": count }),
                format_args!("Brought back {count} messages.\n"),
            )
        }
    }
}

async fn mailbox(store: &Store, account: AccountId, name: &MailboxName) -> anyhow::Result<MailboxId> {
    let found = store.mailbox(account, name).await?;
    Ok(found.with_context(|| format!("the account has no mailbox \"{}\"", name.as_str()))?.id)
}

async fn restore(
    store: &Store,
    account: AccountId,
    wanted: &[&Deleted],
    to: Option<MailboxId>,
) -> anyhow::Result<u32> {
    let mut by_target: std::collections::BTreeMap<MailboxId, Vec<(MailboxId, u32)>> =
        std::collections::BTreeMap::new();
    for d in wanted {
        let target = match to {
            Some(to) => to,
            None if d.mailbox_exists => d.mailbox,
            None => mailbox(store, account, &MailboxName::inbox()).await?,
        };
        by_target.entry(target).or_default().push((d.mailbox, d.uid));
    }
    let mut count = 0;
    for (target, messages) in by_target {
        for some in messages.chunks(1000) {
            count += store.restore(account, some, target).await?;
        }
    }
    Ok(count)
}

fn list(deleted: &[Deleted], output: Output) -> anyhow::Result<()> {
    let mut table = Table::new(
        ["MESSAGE", "DELETED", "RECEIVED", "BYTES", "ITS MAILBOX"],
        "Nothing that was deleted can be brought back",
    );
    let received = |d: &Deleted| {
        SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(d.internal_date.max(0).cast_unsigned())
    };
    for d in deleted {
        table.row([
            format!("{}/{}", d.mailbox, d.uid),
            shown(d.deleted_at),
            shown(received(d)),
            d.size.to_string(),
            if d.mailbox_exists { "is there" } else { "is gone" }.to_owned(),
        ]);
    }
    let data: Vec<_> = deleted
        .iter()
        .map(|d| {
            serde_json::json!({
                "message": format!("{}/{}", d.mailbox, d.uid), "deleted_at": rfc3339(d.deleted_at),
                "received_at": rfc3339(received(d)), "bytes": d.size, "mailbox_exists": d.mailbox_exists
            })
        })
        .collect();
    output.print(&data, table)
}
