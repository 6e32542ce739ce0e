//! `postern verify`: everything that is stored, opened and compared, while the gateway serves.

use std::fmt::Write as _;

use super::Output;
use super::progress::Progress;
use super::user::find;
use crate::service::search::Tender;
use crate::store::{Store, VerifyFrom};
use crate::types::{AccountId, Address};

/// What to verify.
#[derive(clap::Args)]
pub struct Arguments {
    /// One of an account's two addresses: what this account holds; without it everything
    #[arg(long, value_name = "ADDRESS")]
    account: Option<Address>,
    /// Begin at the start, even if one was interrupted
    #[arg(long)]
    from_start: bool,
}

/// Does it.
///
/// # Errors
/// Damage; what the database says.
pub async fn run(store: &Store, arguments: Arguments, output: Output) -> anyhow::Result<()> {
    let account = match &arguments.account {
        Some(address) => Some(find(store, address).await?.id),
        None => None,
    };
    let from = if arguments.from_start { VerifyFrom::Start } else { VerifyFrom::WhereItStopped };
    let (messages, faults) = everything(store, account, from).await?;
    let mut text = String::new();
    for fault in &faults {
        let _ = writeln!(text, "DAMAGED  {fault}");
    }
    if faults.is_empty() {
        text = format!("All is whole: {messages} messages looked at.\n");
    }
    output.print(&serde_json::json!({ "messages": messages, "faults": faults }), text)?;
    if !faults.is_empty() {
        anyhow::bail!(
            "{} faults in {messages} messages; restore from a backup what is named, and find out how it came about",
            faults.len()
        );
    }
    Ok(())
}

/// Looks at everything, with progress bars: the number of messages, and what is damaged.
///
/// # Errors
/// What the database says; damage is none.
pub(super) async fn everything(
    store: &Store,
    account: Option<AccountId>,
    from: VerifyFrom,
) -> anyhow::Result<(u64, Vec<String>)> {
    let mut run = store.verify_begin(account, from).await?;
    if run.resumed {
        eprintln!(
            "postern: going on after {} messages, where the last verification was interrupted",
            run.checked
        );
    }
    let progress = Progress::begin("messages", run.total);
    progress.at(run.checked);
    while store.verify_messages(&mut run).await? {
        progress.at(run.checked);
    }
    progress.end();
    let messages = run.checked;
    let mut faults = run.faults.clone();
    for more in [
        store.verify_names(account).await?,
        store.verify_counters(account).await?,
        store.verify_references(account).await?,
        store.verify_snapshots(account).await?,
    ] {
        faults.extend(more.iter().map(ToString::to_string));
    }
    if account.is_none()
        && let Err(broken) = store.audit_verify(&[]).await?
    {
        faults.push(format!("audit log: {broken}"));
    }
    let tender = Tender::new(store.clone());
    let mailboxes = store.index_mailboxes(account).await?;
    let progress = Progress::begin("search indexes", mailboxes.len() as u64);
    for (owner, mailbox) in mailboxes {
        // An account whose seal key does not open is named already.
        if let Ok(found) = tender.check(owner, mailbox).await {
            faults.extend(found.iter().map(|f| {
                format!("account {}, search index of mailbox {}: {}", f.account, f.mailbox, f.what)
            }));
        }
        progress.step();
    }
    progress.end();
    store.verify_end(run).await?;
    Ok((messages, faults))
}
