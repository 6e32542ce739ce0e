//! APPEND: a message that a client puts into a mailbox of its own.
//!
//! Invariants: it delivers to nobody and leaves no delivery record, so it proves nothing (R14). The
//! client's own copy of what it submitted is recognised in the mailbox marked `\Sent`, whichever of the
//! two came first, once per submission and while the server's copy is there (R28). Durable when it
//! returns; one statement.

use super::ingest::Ingested;
use super::live::uidvalidity;
use super::mail_error::{MailError, ended};
use super::{Store, StoreError};
use crate::types::{AccountId, FlagChange, Flags, Keyword, MailboxId, UidValidity};

/// A message to append.
pub struct NewAppend<'a> {
    /// Where to.
    pub mailbox: MailboxId,
    /// The message.
    pub ingested: Ingested,
    /// System flags; keyword bits of the mailbox, if the caller knows them.
    pub flags: Flags,
    /// Keywords, made in the mailbox where it does not have them.
    pub keywords: &'a [Keyword],
    /// INTERNALDATE in Unix seconds; `None`: now.
    pub internal_date: Option<i64>,
    /// What it would be the copy of, if it came from a submission (R28). Of no effect outside `\Sent`.
    pub sent_copy: Option<SentCopy>,
}

/// What identifies a submission (R17, R28).
pub struct SentCopy {
    /// The Message-ID, without the angle brackets.
    pub message_id: String,
    /// [`super::Lookup::fingerprint`] of the account and the content, as for the submission.
    pub fingerprint: [u8; 32],
}

/// `APPENDUID` (RFC 4315).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Of the mailbox.
    pub uidvalidity: UidValidity,
    /// Of the message.
    pub uid: u32,
    /// R28: nothing was stored, this is the server's own copy.
    pub existing: bool,
}

impl Store {
    /// Stores a message in a mailbox: 1 statement, 2 with keywords that the mailbox does not have yet.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`], [`MailError::NotSelectable`], [`MailError::Full`],
    /// [`MailError::OverQuota`], [`MailError::StagedGone`], [`MailError::OutcomeUnknown`].
    pub async fn append(&self, account: AccountId, new: NewAppend<'_>) -> Result<Appended, MailError> {
        let NewAppend { mailbox, mut ingested, flags, keywords, internal_date, sent_copy } = new;
        let flags = flags.union(self.keyword_bits(account, mailbox, keywords, true).await?);
        let seal = self.seal_key(account).await?;
        let wrapped = seal.wrap(ingested.key(), ingested.shape()).map_err(StoreError::from)?;
        let body = ingested.seal()?;
        let idx: Vec<i32> = (0..).take(body.data.as_ref().map_or(0, Vec::len)).collect();
        let msgid = sent_copy.as_ref().map(|c| self.lookup().msgid(account, &c.message_id));
        let row = sqlx::query!(
            r#"select outcome as "outcome!", uid as "uid!", uidvalidity as "uidvalidity!"
                 from append_message($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"#,
            account.0,
            mailbox.0,
            body.shape.id.0,
            body.shape.size.cast_signed(),
            body.shape.chunk_size.cast_signed(),
            body.chunks.cast_signed(),
            body.seal_version,
            body.facts,
            body.data.is_none(),
            seal.id.0,
            wrapped,
            &idx,
            body.data.as_deref().unwrap_or_default(),
            flags.0.cast_signed(),
            internal_date.unwrap_or_else(|| self.unix_now()),
            msgid.as_ref().map(<[u8; 32]>::as_slice),
            sent_copy.as_ref().map(|c| c.fingerprint.as_slice())
        )
        .fetch_one(&self.0.pool)
        .await
        .map_err(ended)?;
        let uid = row.uid as u32;
        let existing = row.outcome == "existing";
        if existing {
            drop(ingested);
            self.store_flags(account, mailbox, &[uid], FlagChange::Add, flags, None).await?;
        } else {
            if let Some(mut staged) = ingested.take_staged() {
                staged.claimed();
            }
            self.wake_mailboxes([mailbox]);
        }
        Ok(Appended { uidvalidity: uidvalidity(row.uidvalidity)?, uid, existing })
    }
}
