//! Messages that Support puts into an account from files: as they are, with flags and dates, and once.
//!
//! Invariants: bound by size alone, as APPEND is (R18); no rule of submission is asked, since it delivers to
//! nobody and proves nothing (R14); the same file imported again, or after an interruption, stores nothing
//! that is still in the account.

use crate::mime;
use crate::policy::attachment::attached_bytes;
use crate::policy::{Refusal, size};
use crate::service::mailbox::MailError;
pub use crate::store::Imported;
use crate::store::{Ingest, NewAppend, Store};
use crate::types::{AccountId, Flags, Keyword, MailboxId};

/// An import into one account.
#[derive(Clone)]
pub struct Import {
    store: Store,
    account: AccountId,
    /// R18, decoded bytes.
    attachment_limit: u64,
    /// Bytes of a message as they are stored.
    size_limit: u64,
}

/// What comes with a message's bytes.
pub struct Marks<'a> {
    /// System flags.
    pub flags: Flags,
    /// Keywords, made in the mailbox where it does not have them.
    pub keywords: &'a [Keyword],
    /// INTERNALDATE in Unix seconds.
    pub internal_date: i64,
}

/// A message on its way in.
pub struct Arriving {
    import: Import,
    mailbox: MailboxId,
    ingest: Ingest,
}

/// Why a message was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// R18: nothing is kept of it; the others go on.
    #[error("{0}")]
    Refused(Refusal),
    /// The store said no, or failed.
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl Import {
    /// Into an account, with its limits: decoded bytes of a message's attachments, and room for its text.
    pub fn new(store: Store, account: AccountId, attachment_limit: u64, text_room: u64) -> Self {
        let size_limit = size::announced_size(attachment_limit, text_room);
        Self { store, account, attachment_limit, size_limit }
    }

    /// The largest message that is taken, in bytes.
    pub fn size_limit(&self) -> u64 {
        self.size_limit
    }

    /// What a message is known by when it is imported again: [`crate::store::Lookup::imported`].
    pub fn key(&self, mailbox: MailboxId, digest: &[u8; 32], internal_date: i64, nth: u32) -> [u8; 32] {
        self.store.lookup().imported(self.account, mailbox, digest, internal_date, nth)
    }

    /// Which of these are there already, in the order asked: 1 statement.
    pub async fn there(&self, keys: &[[u8; 32]]) -> Result<Vec<bool>, MailError> {
        Ok(self.store.imported(self.account, keys).await?)
    }

    /// Begins a message. No statement.
    pub fn begin(&self, mailbox: MailboxId) -> Result<Arriving, MailError> {
        let ingest = self.store.ingest(mime::Limits::default())?;
        Ok(Arriving { import: self.clone(), mailbox, ingest })
    }
}

impl Arriving {
    /// The next bytes, lines ending in CRLF; memory stays bounded whatever comes.
    ///
    /// # Errors
    /// [`ImportError::Refused`] beyond [`Import::size_limit`].
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        if self.ingest.size().saturating_add(bytes.len() as u64) > self.import.size_limit {
            return Err(ImportError::Refused(size::too_large(self.import.attachment_limit)));
        }
        Ok(self.ingest.push(bytes).await?)
    }

    /// Stores it, durably, unless what goes by this key is there already.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn finish(self, marks: Marks<'_>, key: [u8; 32]) -> Result<Imported, ImportError> {
        let Self { import, mailbox, ingest } = self;
        let ingested = ingest.finish().await?;
        let summary = &ingested.scan.summary;
        // What lies behind a limit of the MIME pass was not looked at: then all of the message counts.
        let attached = if summary.limit_hit.is_some() { summary.size } else { attached_bytes(summary) };
        if let Err(refusal) = size::check_attachments(attached, import.attachment_limit) {
            ingested.discard().await.map_err(MailError::from)?;
            return Err(ImportError::Refused(refusal));
        }
        let new = NewAppend {
            mailbox,
            ingested,
            flags: marks.flags,
            keywords: marks.keywords,
            internal_date: Some(marks.internal_date),
            sent_copy: None,
        };
        Ok(import.store.import(import.account, new, key).await?)
    }
}
