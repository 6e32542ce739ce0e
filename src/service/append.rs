//! A message that a mail program puts into a mailbox itself (IMAP APPEND): stored as it came, bound by
//! size alone (R18, R25: decoded bytes of its attachments, as for a submission), delivered to nobody,
//! proof of nothing (R14).

use crate::mime;
use crate::policy::attachment::attached_bytes;
use crate::policy::{Refusal, retry, size};
use crate::service::mailbox::{AccountMail, MailError};
pub use crate::store::Appended;
use crate::store::{Ingest, Ingested, NewAppend, SentCopy, Store};
use crate::types::{AccountId, AuditAction, Flags, Keyword, MailboxId, SpecialUse};

/// A message on its way in. Dropping it leaves nothing that the sweeper does not remove.
pub struct Appending {
    place: Place,
    ingest: Ingest,
}

/// Where a message goes, and by what it is judged.
struct Place {
    store: Store,
    account: AccountId,
    mailbox: MailboxId,
    special_use: Option<SpecialUse>,
    /// R18, decoded bytes.
    attachment_limit: u64,
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

/// A message that has come in whole, and waits to be stored.
pub struct Received {
    mailbox: MailboxId,
    ingested: Ingested,
    sent_copy: Option<SentCopy>,
    /// System flags it gets.
    pub flags: Flags,
    /// Keywords it gets.
    pub keywords: Vec<Keyword>,
    /// Unix seconds; now if `None`.
    pub internal_date: Option<i64>,
}

impl Received {
    /// About the bytes it holds in memory, when its content is staged.
    pub fn held(&self) -> usize {
        let facts = &self.ingested.scan.facts;
        facts.header.len() + facts.envelope.len() + facts.body.len() + facts.bodystructure.len()
    }
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
        Ok(Appending { place: Place { store, account, mailbox, special_use, attachment_limit }, ingest })
    }

    /// Stores messages, durably, all or none (RFC 3502). With `replaced` the message of that UID goes from
    /// its mailbox in the same moment (RFC 8508). R28: the client's own copy of what it submitted is
    /// answered with the copy that is there.
    pub async fn store_received(
        &self,
        received: Vec<Received>,
        replaced: Option<(MailboxId, u32)>,
    ) -> Result<Vec<Appended>, MailError> {
        let keywords: Vec<Vec<Keyword>> = received.iter().map(|message| message.keywords.clone()).collect();
        let mut new: Vec<NewAppend<'_>> = received
            .into_iter()
            .zip(&keywords)
            .map(|(message, keywords)| NewAppend {
                mailbox: message.mailbox,
                ingested: message.ingested,
                flags: message.flags,
                keywords,
                internal_date: message.internal_date,
                sent_copy: message.sent_copy,
            })
            .collect();
        match new.pop() {
            Some(only) if new.is_empty() && replaced.is_none() => {
                Ok(vec![self.store.append(self.account, only).await?])
            }
            last => {
                new.extend(last);
                let appended = self.store.append_all(self.account, new, replaced).await?;
                if let Some((mailbox, uid)) = replaced {
                    self.store.audit_uids(AuditAction::Delete, self.account, mailbox, [uid]);
                }
                Ok(appended)
            }
        }
    }
}

impl Appending {
    /// The next bytes; waits while storage is behind.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), MailError> {
        self.ingest.push(bytes).await
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.ingest.size()
    }

    /// Stores it, durably. R28: as [`AccountMail::store_received`].
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn finish(
        self,
        flags: Flags,
        keywords: &[Keyword],
        internal_date: Option<i64>,
    ) -> Result<Appended, AppendError> {
        let (store, account) = (self.place.store.clone(), self.place.account);
        let Received { mailbox, ingested, sent_copy, .. } = self.receive().await?;
        let new = NewAppend { mailbox, ingested, flags, keywords, internal_date, sent_copy };
        Ok(store.append(account, new).await?)
    }

    /// The message is complete, and is to be stored next.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn receive(self) -> Result<Received, AppendError> {
        let Self { place, ingest } = self;
        place.judged(ingest.finish().await?).await
    }

    /// The message is complete, and others come before it is stored: its bytes wait outside of memory.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn put_aside(self) -> Result<Received, AppendError> {
        let Self { place, ingest } = self;
        place.judged(ingest.finish_staged().await?).await
    }
}

impl Place {
    /// R18
    async fn judged(self, ingested: Ingested) -> Result<Received, AppendError> {
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
        let sent_copy = retry::sent_copy(self.special_use, summary).map(|copy| SentCopy {
            message_id: copy.message_id,
            fingerprint: self.store.lookup().fingerprint(self.account, &copy.fingerprint),
        });
        Ok(Received {
            mailbox: self.mailbox,
            ingested,
            sent_copy,
            flags: Flags::NONE,
            keywords: Vec::new(),
            internal_date: None,
        })
    }
}
