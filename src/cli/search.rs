//! `postern search`: the index of words over sealed mail.

use anyhow::Context as _;

use super::progress::Progress;
use super::user::find;
use super::{Act, Output};
use crate::service::search::Tender;
use crate::store::Store;
use crate::types::{AccountId, Address, AuditAction, AuditNote, MailboxId};

/// What to do with the search index.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Build the index anew, of one account or of all; searches stay right meanwhile, but slower
    Reindex {
        /// One of the account's two addresses
        address: Option<Address>,
    },
    /// Open and read the whole index, of one account or of all, and name what is damaged
    Check {
        /// One of the account's two addresses
        address: Option<Address>,
    },
}

impl Command {
    /// Whether the audit log must know who acts.
    pub fn act(&self) -> Act {
        match self {
            Self::Reindex { .. } => Act::Changes,
            Self::Check { .. } => Act::Looks,
        }
    }
}

/// Does it.
///
/// # Errors
/// A sentence for Support; damage.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Reindex { address } => reindex(store, address, output).await,
        Command::Check { address } => check(store, address, output).await,
    }
}

async fn mailboxes(store: &Store, address: Option<&Address>) -> anyhow::Result<Vec<(AccountId, MailboxId)>> {
    let account = match address {
        Some(address) => Some(find(store, address).await?.id),
        None => None,
    };
    Ok(store.index_mailboxes(account).await?)
}

async fn reindex(store: &Store, address: Option<Address>, output: Output) -> anyhow::Result<()> {
    let mailboxes = mailboxes(store, address.as_ref()).await?;
    let tender = Tender::new(store.clone());
    let progress = Progress::begin("mailboxes", mailboxes.len() as u64);
    let mut messages = 0;
    for (account, mailbox) in &mailboxes {
        store.index_drop(*account, *mailbox).await?;
        let done = tender.catch_up_mailbox(*account, *mailbox).await;
        messages += done.with_context(|| format!("mailbox {mailbox} of account {account}"))?.messages;
        progress.step();
    }
    progress.end();
    let note = AuditNote::done(AuditAction::SearchReindex)
        .detail(format!("mailboxes={} messages={messages}", mailboxes.len()));
    store.audit_note(match (&address, mailboxes.first()) {
        (Some(_), Some((account, _))) => note.account(*account),
        _ => note,
    });
    output.print(
        &serde_json::json!({ "mailboxes": mailboxes.len(), "messages": messages }),
        format_args!("Indexed {messages} messages in {} mailboxes.\n", mailboxes.len()),
    )
}

async fn check(store: &Store, address: Option<Address>, output: Output) -> anyhow::Result<()> {
    let mailboxes = mailboxes(store, address.as_ref()).await?;
    let tender = Tender::new(store.clone());
    let progress = Progress::begin("mailboxes", mailboxes.len() as u64);
    let mut faults = Vec::new();
    for (account, mailbox) in &mailboxes {
        faults.extend(tender.check(*account, *mailbox).await?);
        progress.step();
    }
    progress.end();
    let told: Vec<_> = faults
        .iter()
        .map(|f| serde_json::json!({ "account": f.account, "mailbox": f.mailbox, "fault": f.what }))
        .collect();
    let text: String = faults
        .iter()
        .map(|f| format!("account {}, mailbox {}: {}\n", f.account, f.mailbox, f.what))
        .chain(faults.is_empty().then(|| format!("The index of {} mailboxes is whole.\n", mailboxes.len())))
        .collect();
    output.print(&told, text)?;
    if !faults.is_empty() {
        anyhow::bail!("the search index is damaged; mend it with: postern search reindex");
    }
    Ok(())
}
