//! A message that a mail program puts into a mailbox itself (IMAP APPEND): stored as it came, bound by
//! size alone (R18, R25: decoded bytes of its attachments, as for a submission), delivered to nobody,
//! proof of nothing (R14).

use crate::mime;
use crate::policy::attachment::attached_bytes;
use crate::policy::{Refusal, retry, size};
use crate::service::mailbox::{AccountMail, MailError};
pub use crate::store::Appended;
use crate::store::{Ingest, NewAppend, SentCopy, Store};
use crate::types::{AccountId, Flags, Keyword, MailboxId, SpecialUse};

/// A message on its way in. Dropping it leaves nothing that the sweeper does not remove.
pub struct Appending {
    store: Store,
    account: AccountId,
    mailbox: MailboxId,
    special_use: Option<SpecialUse>,
    /// R18, decoded bytes.
    attachment_limit: u64,
    ingest: Ingest,
}

/// Why a message was not stored.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// R18: the sentence to answer with. All of it was read and nothing is kept.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The store said no, or failed.
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl AccountMail {
    /// Begins a message for this mailbox, with at most so many decoded bytes of attachments (R18). No
    /// statement.
    pub fn append(
        &self,
        mailbox: MailboxId,
        special_use: Option<SpecialUse>,
        limits: mime::Limits,
        attachment_limit: u64,
    ) -> Result<Appending, MailError> {
        let (store, account) = (self.store.clone(), self.account);
        let ingest = store.ingest(limits)?;
        Ok(Appending { store, account, mailbox, special_use, attachment_limit, ingest })
    }
}

impl Appending {
    /// The next bytes; waits while storage is behind.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), MailError> {
        self.ingest.push(bytes).await
    }

    /// Stores it, durably. R28: the client's own copy of what it submitted is answered with the copy
    /// that is there.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn finish(
        self,
        flags: Flags,
        keywords: &[Keyword],
        internal_date: Option<i64>,
    ) -> Result<Appended, AppendError> {
        let ingested = self.ingest.finish().await?;
        let summary = &ingested.scan.summary;
        // What lies behind a limit of the MIME pass was not looked at: then all of the message counts.
        let attached = if summary.limit_hit.is_some() { summary.size } else { attached_bytes(summary) };
        if let Err(refusal) = size::check_attachments(attached, self.attachment_limit) {
            tracing::info!(event = "append-refused", rule = refusal.rule, account = self.account.0);
            if let Err(error) = ingested.discard().await {
                tracing::warn!(%error, "a refused message stays staged until it is swept");
            }
            return Err(AppendError::Refused(refusal));
        }
        let sent_copy = retry::sent_copy(self.special_use, &ingested.scan.summary).map(|copy| SentCopy {
            message_id: copy.message_id,
            fingerprint: self.store.lookup().fingerprint(self.account, &copy.fingerprint),
        });
        let new = NewAppend { mailbox: self.mailbox, ingested, flags, keywords, internal_date, sent_copy };
        Ok(self.store.append(self.account, new).await?)
    }
}
