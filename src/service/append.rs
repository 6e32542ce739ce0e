//! A message that a mail program puts into a mailbox itself (IMAP APPEND): stored as it came, bound by
//! size alone (R18), delivered to nobody, proof of nothing (R14).

use crate::mime;
use crate::policy::retry;
use crate::service::mailbox::{AccountMail, MailError};
pub use crate::store::Appended;
use crate::store::{Ingest, Ingested, NewAppend, SentCopy, Store};
use crate::types::{AccountId, Flags, Keyword, MailboxId, SpecialUse};

/// A message on its way in. Dropping it leaves nothing that the sweeper does not remove.
pub struct Appending {
    store: Store,
    account: AccountId,
    mailbox: MailboxId,
    special_use: Option<SpecialUse>,
    ingest: Ingest,
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
                self.store.append_all(self.account, new, replaced).await
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
    pub async fn finish(
        self,
        flags: Flags,
        keywords: &[Keyword],
        internal_date: Option<i64>,
    ) -> Result<Appended, MailError> {
        let (store, account) = (self.store.clone(), self.account);
        let Received { mailbox, ingested, sent_copy, .. } = self.receive().await?;
        let new = NewAppend { mailbox, ingested, flags, keywords, internal_date, sent_copy };
        store.append(account, new).await
    }

    /// The message is complete, and is to be stored next.
    pub async fn receive(self) -> Result<Received, MailError> {
        let Self { store, account, mailbox, special_use, ingest } = self;
        let ingested = ingest.finish().await?;
        Ok(received(&store, account, mailbox, special_use, ingested))
    }

    /// The message is complete, and others come before it is stored: its bytes wait outside of memory.
    pub async fn put_aside(self) -> Result<Received, MailError> {
        let Self { store, account, mailbox, special_use, ingest } = self;
        let ingested = ingest.finish_staged().await?;
        Ok(received(&store, account, mailbox, special_use, ingested))
    }
}

fn received(
    store: &Store,
    account: AccountId,
    mailbox: MailboxId,
    special_use: Option<SpecialUse>,
    ingested: Ingested,
) -> Received {
    let sent_copy = retry::sent_copy(special_use, &ingested.scan.summary).map(|copy| SentCopy {
        message_id: copy.message_id,
        fingerprint: store.lookup().fingerprint(account, &copy.fingerprint),
    });
    Received { mailbox, ingested, sent_copy, flags: Flags::NONE, keywords: Vec::new(), internal_date: None }
}
