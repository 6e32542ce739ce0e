//! APPEND: a message that a client puts into a mailbox of its own.
//!
//! Invariants: it delivers to nobody and leaves no delivery record, so it proves nothing (R14). The
//! client's own copy of what it submitted is recognised in the mailbox marked `\Sent`, whichever of the
//! two came first, once per submission and while the server's copy is there (R28). Durable when it
//! returns; one message is committed together with what else is waiting (`store/group_commit.rs`), several are
//! one transaction of their own.

use zeroize::Zeroizing;

use super::group_commit::{Member, Verdict};
use super::ingest::{Ingested, SealedBody, Staged};
use super::live::uidvalidity;
use super::mail_error::{MailError, ended};
use super::{SealKey, Store, StoreError};
use crate::types::{AccountId, FlagChange, Flags, Keyword, MailboxId, SealKeyId, UidValidity};

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

/// A message, sealed and ready for its statement.
pub(super) struct Prepared {
    pub(super) account: AccountId,
    pub(super) mailbox: MailboxId,
    pub(super) body: SealedBody,
    pub(super) staged: Option<Staged>,
    pub(super) seal: SealKeyId,
    pub(super) wrapped: Vec<u8>,
    pub(super) flags: Flags,
    pub(super) internal_date: i64,
    /// R28: what to look for in `\Sent`.
    pub(super) msgid: Option<[u8; 32]>,
    pub(super) fingerprint: Option<[u8; 32]>,
    /// What ties the entry to the message (`store/ties.rs`).
    pub(super) tie: Zeroizing<[u8; 32]>,
}

impl Store {
    /// Stores a message in a mailbox: 1 statement, shared with whatever is stored meanwhile, 2 with keywords that
    /// the mailbox does not have yet. Once begun it runs to its end even if the caller goes away.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`], [`MailError::NotSelectable`], [`MailError::Full`],
    /// [`MailError::OverQuota`], [`MailError::StagedGone`], [`MailError::OutcomeUnknown`].
    pub async fn append(&self, account: AccountId, new: NewAppend<'_>) -> Result<Appended, MailError> {
        let seal = self.seal_key(account).await?;
        let prepared = self.prepare(account, &seal, new).await?;
        let (mailbox, flags) = (prepared.mailbox, prepared.flags);
        let (_, verdict) = self.commit_with_others(Member::Append(Box::new(prepared))).await?;
        let Verdict::Appended(appended) = verdict? else { return Err(StoreError::Corrupt("message").into()) };
        if appended.existing {
            self.store_flags(account, mailbox, &[appended.uid], FlagChange::Add, flags, None).await?;
        }
        Ok(appended)
    }

    /// Stores messages, all or none (RFC 3502), and takes the message `replaced` out of its
    /// mailbox in the same transaction (RFC 8508): 3 statements and 1 a message. The storage cap is asked
    /// when that one has gone.
    ///
    /// # Errors
    /// As [`Store::append`]; [`MailError::NoMessage`] when `replaced` is not there any more.
    pub async fn append_all(
        &self,
        account: AccountId,
        new: Vec<NewAppend<'_>>,
        replaced: Option<(MailboxId, u32)>,
    ) -> Result<Vec<Appended>, MailError> {
        let seal = self.seal_key(account).await?;
        let mut prepared = Vec::with_capacity(new.len());
        for new in new {
            prepared.push(self.prepare(account, &seal, new).await?);
        }
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        let mut boxes: Vec<i64> = prepared.iter().map(|message| message.mailbox.0).collect();
        boxes.extend(replaced.map(|(id, _)| id.0));
        boxes.sort_unstable();
        boxes.dedup();
        sqlx::query!(
            "select from mailbox where account_id = $1 and id = any($2)
              order by account_id, id for no key update",
            account.0,
            &boxes
        )
        .execute(&mut *tx)
        .await
        .map_err(ended)?;
        if let Some((from, uid)) = replaced {
            let there = sqlx::query_scalar!(
                r#"select exists (select from mailbox_message
                                   where account_id = $1 and mailbox_id = $2 and uid = $3) as "there!""#,
                account.0,
                from.0,
                i64::from(uid)
            )
            .fetch_one(&mut *tx)
            .await
            .map_err(ended)?;
            if !there {
                return Err(MailError::NoMessage);
            }
            sqlx::query!(
                "select remove_entries($1, $2, array[$3::bigint], false)",
                account.0,
                from.0,
                i64::from(uid)
            )
            .execute(&mut *tx)
            .await
            .map_err(ended)?;
        }
        let mut all = Vec::with_capacity(prepared.len());
        for message in &mut prepared {
            all.push(message.store(&mut *tx).await?);
        }
        tx.commit().await.map_err(ended)?;
        for (message, appended) in prepared.iter_mut().zip(&all) {
            self.appended(message, *appended).await?;
        }
        self.wake_mailboxes(boxes.into_iter().map(MailboxId));
        Ok(all)
    }

    pub(super) async fn prepare(
        &self,
        account: AccountId,
        seal: &SealKey,
        new: NewAppend<'_>,
    ) -> Result<Prepared, MailError> {
        let NewAppend { mailbox, mut ingested, flags, keywords, internal_date, sent_copy } = new;
        let flags = flags.union(self.keyword_bits(account, mailbox, keywords, true).await?);
        Ok(Prepared {
            account,
            mailbox,
            body: ingested.seal()?,
            staged: ingested.take_staged(),
            seal: seal.id,
            wrapped: seal.wrap(ingested.key(), ingested.shape()).map_err(StoreError::from)?,
            tie: self.lookup().ties(account).message(ingested.shape().id.0),
            flags,
            internal_date: internal_date.unwrap_or_else(|| self.unix_now()),
            msgid: sent_copy.as_ref().map(|copy| self.lookup().msgid(account, &copy.message_id)),
            fingerprint: sent_copy.map(|copy| copy.fingerprint),
        })
    }

    /// After the commit: flags go to the copy that was there, staged bytes belong to the message.
    pub(super) async fn appended(&self, message: &mut Prepared, appended: Appended) -> Result<(), MailError> {
        if appended.existing {
            let (account, uids) = (message.account, [appended.uid]);
            self.store_flags(account, message.mailbox, &uids, FlagChange::Add, message.flags, None).await?;
        } else if let Some(staged) = &mut message.staged {
            staged.claimed();
        }
        Ok(())
    }
}

impl Prepared {
    pub(super) async fn store<'e>(
        &mut self,
        executor: impl sqlx::PgExecutor<'e>,
    ) -> Result<Appended, MailError> {
        let Self { body, .. } = self;
        let idx: Vec<i32> = (0..).take(body.data.as_ref().map_or(0, Vec::len)).collect();
        let row = sqlx::query!(
            r#"select outcome as "outcome!", uid as "uid!", uidvalidity as "uidvalidity!"
                 from append_message($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                                     $18)"#,
            self.account.0,
            self.mailbox.0,
            body.shape.id.0,
            body.shape.size.cast_signed(),
            body.shape.chunk_size.cast_signed(),
            body.chunks.cast_signed(),
            body.seal_version,
            body.facts,
            body.data.is_none(),
            self.seal.0,
            self.wrapped,
            &idx,
            body.data.as_deref().unwrap_or_default(),
            self.flags.0.cast_signed(),
            self.internal_date,
            self.msgid.as_ref().map(<[u8; 32]>::as_slice),
            self.fingerprint.as_ref().map(<[u8; 32]>::as_slice),
            self.tie.as_slice()
        )
        .fetch_one(executor)
        .await
        .map_err(ended)?;
        let (uid, existing) = (row.uid as u32, row.outcome == "existing");
        Ok(Appended { uidvalidity: uidvalidity(row.uidvalidity)?, uid, existing })
    }
}
