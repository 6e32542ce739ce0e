//! `postern export`: an account's mail as a Maildir or as mbox files.
//!
//! Who asked, why, and which messages: in the audit log before they are written; the owner gets a notice. A
//! run that was interrupted, however it ended, is gone on with by the same command.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::archive::manifest::{Described, Manifest};
use super::archive::{self, Folder, Lines, Message, WriteError, maildir, mbox, names};
use super::break_glass::{login, reason};
use super::progress::Progress;
use super::user::find;
use super::{Act, Output};
use crate::store::{AccessTo, MailboxInfo, MailboxState, NewAccess, Row, Store};
use crate::types::{AccountId, Address, SupportName};

/// Bytes of a message that are read together.
const PIECE: u64 = 512 * 1024;

/// What to export, and where to.
#[derive(clap::Args)]
pub struct Arguments {
    /// One of the account's two addresses
    address: Address,
    /// A folder for it: new, or that of an export that was interrupted
    folder: PathBuf,
    /// Maildir++ (as Dovecot has it), or an mbox file for each mailbox
    #[arg(long, value_enum, default_value_t = Format::Maildir)]
    format: Format,
    /// Why; it is kept sealed, and found again by: postern break-glass list
    #[arg(long, value_parser = reason)]
    reason: String,
}

/// The form of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A file for each message.
    Maildir,
    /// A file for each mailbox.
    Mbox,
}

impl Format {
    fn as_str(self) -> &'static str {
        match self {
            Self::Maildir => "maildir",
            Self::Mbox => "mbox",
        }
    }
}

/// The audit log must know who acts.
pub const ACT: Act = Act::Changes;

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(
    store: &Store,
    arguments: Arguments,
    by: &SupportName,
    output: Output,
) -> anyhow::Result<()> {
    let account = find(store, &arguments.address).await?;
    let format = arguments.format;
    let mailboxes: Vec<MailboxInfo> =
        store.mailboxes(account.id).await?.into_iter().filter(|m| m.selectable).collect();
    let files: Vec<String> = mailboxes
        .iter()
        .map(|m| match format {
            Format::Maildir => names::maildir(&m.name, m.id),
            Format::Mbox => names::mbox(&m.name, m.id),
        })
        .collect();
    let folder = &arguments.folder;
    let manifest = Manifest {
        format: format.as_str().to_owned(),
        account: account.secure_address.to_string(),
        mailboxes: files.iter().cloned().zip(mailboxes.iter().map(described)).collect::<BTreeMap<_, _>>(),
    };
    prepare(folder, &manifest)?;
    let new = NewAccess {
        account: account.id,
        to: AccessTo::Export,
        reason: &arguments.reason,
        by,
        login: login(),
    };
    let request = store.export_begin(new, format.as_str()).await?;
    manifest.write(folder)?;
    let progress = Progress::begin("messages", mailboxes.iter().map(|m| u64::from(m.messages)).sum());
    let mut count = Count::default();
    for (info, file) in mailboxes.iter().zip(&files) {
        let live = store.open_mailbox(account.id, info.id).await?;
        let state = live.read(Clone::clone);
        let uids: Vec<u32> = state.rows.iter().map(|row| row.uid).collect();
        store.export_mailbox(account.id, info.id, request, &uids).await?;
        let told = || folder.join(file).display().to_string();
        let writer: Box<dyn Folder + Send> = match format {
            Format::Maildir => {
                Box::new(maildir::Writer::open(folder, file, info.uidvalidity).with_context(told)?)
            }
            Format::Mbox => {
                let Some(writer) = mbox::Writer::open(&folder.join(file)).with_context(told)? else {
                    count.there += uids.len() as u64;
                    progress.at(count.all());
                    continue;
                };
                Box::new(writer)
            }
        };
        mailbox(store, account.id, &state, writer, &mut count, &progress).await.with_context(told)?;
    }
    progress.end();
    let Count { written, there, damaged } = count;
    output.print(
        &serde_json::json!({
            "folder": folder, "format": format.as_str(), "mailboxes": mailboxes.len(), "written": written,
            "there_already": there, "damaged": damaged,
        }),
        format_args!(
            "Exported {} mailboxes, {written} messages{}, to {}.\n\n\
             THESE FILES ARE NOT SEALED: whoever opens them reads the patients' mail. Move them by an encrypted \
             way alone, and delete them when they have been taken over.\n",
            mailboxes.len(),
            if there > 0 { format!(" ({there} were there already)") } else { String::new() },
            folder.display()
        ),
    )?;
    if damaged > 0 {
        anyhow::bail!("{damaged} messages do not open and were left out; find them by: postern verify");
    }
    Ok(())
}

#[derive(Default)]
struct Count {
    written: u64,
    there: u64,
    damaged: u64,
}

impl Count {
    fn all(&self) -> u64 {
        self.written + self.there + self.damaged
    }
}

fn described(info: &MailboxInfo) -> Described {
    Described {
        name: info.name.as_str().to_owned(),
        special_use: info.special_use.map(|u| u.as_str().to_owned()),
    }
}

/// A folder that is new or empty, or an export's of this account in this form.
fn prepare(folder: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    if folder.is_dir() {
        if let Some(former) = Manifest::read(folder)? {
            if (&former.account, &former.format) != (&manifest.account, &manifest.format) {
                anyhow::bail!(
                    "{} holds the export of {} as {}; take another folder",
                    folder.display(),
                    former.account,
                    former.format
                );
            }
            // Names of mailboxes may have changed since: two states in one folder would be neither.
            if former.mailboxes != manifest.mailboxes {
                anyhow::bail!(
                    "the account's mailboxes are not those of the export in {} any more; take another folder",
                    folder.display()
                );
            }
            eprintln!("postern: going on with the export in {}", folder.display());
        } else if std::fs::read_dir(folder)?.next().is_some() {
            anyhow::bail!("{} is not empty; take a new folder", folder.display());
        }
        if std::fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
            anyhow::bail!("{0} is open to others; first: chmod 700 {0}", folder.display());
        }
        return Ok(());
    }
    archive::private_folder(folder).with_context(|| folder.display().to_string())
}

async fn mailbox(
    store: &Store,
    account: AccountId,
    state: &MailboxState,
    mut writer: Box<dyn Folder + Send>,
    count: &mut Count,
    progress: &Progress,
) -> anyhow::Result<()> {
    for row in &state.rows {
        let message = message(row, state);
        if writer.has(&message)? {
            count.there += 1;
        } else {
            match write(store, account, row, &message, &mut *writer).await {
                Ok(()) => count.written += 1,
                // One that is damaged must not keep the others.
                Err(error) if error.downcast_ref::<crate::store::StoreError>().is_some_and(is_damage) => {
                    eprintln!("postern: the message with UID {} does not open: {error}", row.uid);
                    count.damaged += 1;
                }
                Err(error) => return Err(error),
            }
        }
        progress.at(count.all());
    }
    Ok(writer.finish()?)
}

fn is_damage(error: &crate::store::StoreError) -> bool {
    use crate::store::StoreError;
    matches!(error, StoreError::Seal(_) | StoreError::Corrupt(_))
}

fn message(row: &Row, state: &MailboxState) -> Message {
    let named = |bit: u8| state.keywords.iter().find(|(b, _)| *b == bit).map(|(_, k)| k.as_str().to_owned());
    Message {
        uid: row.uid,
        internal_date: row.internal_date,
        size: row.size,
        flags: row.flags,
        keywords: row.flags.keywords().filter_map(named).collect(),
    }
}

/// Writes one message; with LF lines if it can be, else as it is.
async fn write(
    store: &Store,
    account: AccountId,
    row: &Row,
    message: &Message,
    writer: &mut (dyn Folder + Send),
) -> anyhow::Result<()> {
    for lines in [Lines::Lf, Lines::Exact] {
        let Some(body) = store.body(account, row.body).await? else {
            // Expunged since, and swept.
            return Err(crate::store::StoreError::Corrupt("message").into());
        };
        writer.begin(message, lines)?;
        let done = 'written: {
            let mut at = 0;
            while at < body.size() {
                let bytes = body.read(at..at + PIECE).await?;
                at += bytes.len() as u64;
                if let Err(error) = writer.push(&bytes) {
                    break 'written Err(error);
                }
            }
            writer.commit()
        };
        match done {
            Err(WriteError::BareLineEnd) if lines == Lines::Lf => {}
            done => return Ok(done?),
        }
    }
    Ok(())
}
