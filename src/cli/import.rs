//! `postern import`: a Maildir or mbox files into an account.
//!
//! It delivers to nobody and gives no right to reply (R14). The same command again, after an interruption or by
//! mistake, stores nothing that is still in the account. What cannot be imported is named, and the rest goes on.

use std::collections::HashMap;
use std::path::PathBuf;

use super::archive::source::{self, Item, Looked, Mailbox};
use super::progress::Progress;
use super::user::find;
use super::{Act, Output};
use crate::config::Config;
use crate::policy::size::MB;
use crate::service::import::{Import, ImportError, Imported, Marks};
use crate::service::mailbox::MailError;
use crate::store::Store;
use crate::types::{AccountId, Address, Keyword, MailboxId, MailboxName};

/// Messages that are looked for together.
const TOGETHER: usize = 500;

/// What to import, and where to.
#[derive(clap::Args)]
pub struct Arguments {
    /// One of the account's two addresses
    address: Address,
    /// A Maildir, a folder of mbox files, or one mbox file
    path: PathBuf,
    /// Below this mailbox; an mbox file: into it
    #[arg(long, value_name = "MAILBOX")]
    into: Option<String>,
}

/// The audit log must know who acts.
pub const ACT: Act = Act::Changes;

#[derive(Default)]
struct Count {
    new: u64,
    there: u64,
    failed: u64,
}

/// Does it.
///
/// # Errors
/// A sentence for Support.
pub async fn run(store: &Store, arguments: Arguments, config: &Config, output: Output) -> anyhow::Result<()> {
    let account = find(store, &arguments.address).await?;
    if !account.state.receives() {
        anyhow::bail!("the account {} is closed", arguments.address);
    }
    let into = arguments.into.as_deref().map(MailboxName::new).transpose()?;
    let mailboxes = source::mailboxes(&arguments.path, into.as_ref())?;
    let attachments = account.attachment_limit.unwrap_or(u64::from(config.limits.attachments_mb) * MB);
    let room = u64::from(config.limits.text_mb) * MB;
    let import = Import::new(store.clone(), account.id, attachments, room);
    store.note_import(account.id, None, format!("begin mailboxes={}", mailboxes.len())).await?;
    let mut count = Count::default();
    let alone = arguments.path.is_file();
    let mut equals = HashMap::new();
    for mailbox in &mailboxes {
        let name = match &into {
            Some(into) if !alone && !mailbox.name.is_inbox() => {
                MailboxName::new(&format!("{into}/{}", mailbox.name))?
            }
            Some(into) if !alone => into.clone(),
            _ => mailbox.name.clone(),
        };
        let id = target(store, account.id, &name, mailbox).await?;
        let mut target =
            Target { import: &import, store, account: account.id, id, name, left_out: Vec::new() };
        let before = (count.new, count.there, count.failed);
        let done = target.all(mailbox, &mut equals, &mut count).await;
        let (new, there, failed) = (count.new - before.0, count.there - before.1, count.failed - before.2);
        let detail = format!("end new={new} there={there} failed={failed}");
        store.note_import(account.id, Some(id), detail).await?;
        done?;
    }
    let Count { new, there, failed } = count;
    output.print(
        &serde_json::json!({ "mailboxes": mailboxes.len(), "imported": new, "there_already": there, "failed": failed }),
        format_args!(
            "Imported {new} messages into {} mailboxes{}.\n",
            mailboxes.len(),
            if there > 0 { format!("; {there} were there already") } else { String::new() }
        ),
    )?;
    if failed > 0 {
        anyhow::bail!("{failed} messages were not imported, they are named above");
    }
    Ok(())
}

/// The mailbox of that name; made, and subscribed to, where there is none.
async fn target(
    store: &Store,
    account: AccountId,
    name: &MailboxName,
    mailbox: &Mailbox,
) -> anyhow::Result<MailboxId> {
    if let Some(info) = store.mailbox(account, name).await?
        && info.selectable
    {
        return Ok(info.id);
    }
    let id = match store.create_mailbox(account, name, mailbox.special_use).await {
        Err(MailError::UseTaken) => store.create_mailbox(account, name, None).await?,
        done => done?,
    };
    store.subscribe(account, name).await?;
    Ok(id)
}

/// One mailbox that is imported into.
struct Target<'a> {
    import: &'a Import,
    store: &'a Store,
    account: AccountId,
    id: MailboxId,
    name: MailboxName,
    /// Keywords that it cannot take, folded.
    left_out: Vec<String>,
}

/// How many messages of one content and date were met so far, in each mailbox.
type Equals = HashMap<(MailboxId, [u8; 32], i64), u32>;

impl Target<'_> {
    async fn all(&mut self, mailbox: &Mailbox, equals: &mut Equals, count: &mut Count) -> anyhow::Result<()> {
        let items = mailbox.items()?;
        let progress = Progress::begin("messages", items.len() as u64);
        for some in items.chunks(TOGETHER) {
            let mut looked = Vec::with_capacity(some.len());
            for item in some {
                match item.look() {
                    Ok(l) if l.empty => fail(item, &"it is empty", count),
                    Ok(l) => {
                        let nth = equals.entry((self.id, l.digest, item.internal_date)).or_default();
                        let key = self.import.key(self.id, &l.digest, item.internal_date, *nth);
                        *nth += 1;
                        looked.push((item, l, key));
                    }
                    Err(error) => fail(item, &error, count),
                }
            }
            let keys: Vec<_> = looked.iter().map(|(_, _, key)| *key).collect();
            let there = self.import.there(&keys).await?;
            for ((item, looked, key), there) in looked.into_iter().zip(there) {
                if there {
                    count.there += 1;
                } else {
                    match self.one(item, &looked, key).await {
                        Ok(Imported::New(_)) => count.new += 1,
                        Ok(Imported::There) => count.there += 1,
                        Err(One::Skipped(why)) => fail(item, &why, count),
                        Err(One::Stop(error)) => return Err(error),
                    }
                }
                progress.step();
            }
        }
        progress.end();
        Ok(())
    }

    async fn one(&mut self, item: &Item, looked: &Looked, key: [u8; 32]) -> Result<Imported, One> {
        let keywords = self.keywords(item).await?;
        let mut arriving = self.import.begin(self.id)?;
        let mut bytes = item.bytes(looked).map_err(|e| skipped(&e))?;
        let mut piece = Vec::new();
        while bytes.read(&mut piece).map_err(|e| skipped(&e))? {
            arriving.push(&piece).await?;
        }
        let marks = Marks { flags: item.flags, keywords: &keywords, internal_date: item.internal_date };
        Ok(arriving.finish(marks, key).await?)
    }

    /// Those that the mailbox has or takes; the others are named once and left out.
    async fn keywords(&mut self, item: &Item) -> Result<Vec<Keyword>, One> {
        let mut fine = Vec::new();
        for word in &item.keywords {
            if self.left_out.contains(&word.to_ascii_lowercase()) {
                continue;
            }
            let taken = match Keyword::new(word) {
                Err(error) => Err(error.to_string()),
                Ok(keyword) => {
                    match self
                        .store
                        .keyword_bits(self.account, self.id, std::slice::from_ref(&keyword), true)
                        .await
                    {
                        Ok(_) => Ok(keyword),
                        Err(error @ MailError::Full) => Err(error.to_string()),
                        Err(error) => return Err(One::Stop(error.into())),
                    }
                }
            };
            match taken {
                Ok(keyword) => fine.push(keyword),
                Err(why) => {
                    eprintln!("postern: a keyword of {} is left out: {why}", self.name);
                    self.left_out.push(word.to_ascii_lowercase());
                }
            }
        }
        Ok(fine)
    }
}

/// Why one message did not come in.
enum One {
    /// The others go on.
    Skipped(String),
    /// They do not.
    Stop(anyhow::Error),
}

impl From<MailError> for One {
    fn from(error: MailError) -> Self {
        Self::Stop(error.into())
    }
}

impl From<ImportError> for One {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Refused(refusal) => Self::Skipped(refusal.ascii_text()),
            ImportError::Mail(error) => error.into(),
        }
    }
}

fn skipped(error: &std::io::Error) -> One {
    One::Skipped(error.to_string())
}

fn fail(item: &Item, why: &dyn std::fmt::Display, count: &mut Count) {
    eprintln!("postern: not imported: {}: {why}", item.place());
    count.failed += 1;
}
