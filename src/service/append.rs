//! A message that a mail program puts into a mailbox itself (IMAP APPEND): stored as it came, bound by
//! size alone (R18), delivered to nobody, proof of nothing (R14).

use crate::mime;
use crate::policy::retry;
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
    ingest: Ingest,
}

impl AccountMail {
    /// Begins a message for this mailbox. No statement.
    pub fn append(
        &self,
        mailbox: MailboxId,
        special_use: Option<SpecialUse>,
        limits: mime::Limits,
    ) -> Result<Appending, MailError> {
        let ingest = self.store.ingest(limits)?;
        Ok(Appending { store: self.store.clone(), account: self.account, mailbox, special_use, ingest })
    }
}

impl Appending {
    /// The next bytes; waits while storage is behind.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), MailError> {
        self.ingest.push(bytes).await
    }

    /// Stores it, durably. R28: the client's own copy of what it submitted is answered with the copy
    /// that is there.
    pub async fn finish(
        self,
        flags: Flags,
        keywords: &[Keyword],
        internal_date: Option<i64>,
    ) -> Result<Appended, MailError> {
        let ingested = self.ingest.finish().await?;
        let sent_copy = retry::sent_copy(self.special_use, &ingested.scan.summary).map(|copy| SentCopy {
            message_id: copy.message_id,
            fingerprint: self.store.lookup().fingerprint(self.account, &copy.fingerprint),
        });
        let new = NewAppend { mailbox: self.mailbox, ingested, flags, keywords, internal_date, sent_copy };
        self.store.append(self.account, new).await
    }
}
