//! Import: a message that Support puts into a mailbox from a file.
//!
//! Invariants: like APPEND it delivers to nobody and proves nothing (R14: only a delivery record is a right to
//! reply), and it is never taken for a client's copy of a submission (R28). What was imported before and is
//! still somewhere in the account is not stored again; message and note of it commit together.

use super::append::NewAppend;
use super::mail_error::{MailError, ended};
use super::{Store, StoreError};
use crate::types::{AccountId, AuditNote, MailboxId};

/// What became of a message that was to be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is stored, durably, under this UID.
    New(u32),
    /// A former import brought it, and it is still there.
    There,
}

impl Store {
    /// Stores a message under its import key ([`super::Lookup::imported`]): one transaction of four statements.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn import(
        &self,
        account: AccountId,
        new: NewAppend<'_>,
        item: [u8; 32],
    ) -> Result<Imported, MailError> {
        let seal = self.seal_key(account).await?;
        let mut prepared = self.prepare(account, &seal, NewAppend { sent_copy: None, ..new }).await?;
        let mailbox = prepared.mailbox;
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        // Two imports of one item come here one after the other.
        sqlx::query!(
            "select from mailbox where account_id = $1 and id = $2 for no key update",
            account.0,
            mailbox.0
        )
        .execute(&mut *tx)
        .await
        .map_err(ended)?;
        let there = sqlx::query_scalar!(
            r#"select exists (select from imported_message i
                                join mailbox_message e on e.message_id = i.message_id and e.account_id = $1
                               where i.account_id = $1 and i.item_key = $2) as "there!""#,
            account.0,
            item.as_slice()
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(ended)?;
        if there {
            tx.rollback().await.map_err(ended)?;
            return Ok(Imported::There);
        }
        let appended = prepared.store(&mut *tx).await?;
        sqlx::query!(
            "insert into imported_message (account_id, item_key, message_id) values ($1, $2, $3)
                 on conflict (account_id, item_key) do update set message_id = excluded.message_id",
            account.0,
            item.as_slice(),
            prepared.body.shape.id.0
        )
        .execute(&mut *tx)
        .await
        .map_err(ended)?;
        tx.commit().await.map_err(ended)?;
        self.appended(&mut prepared, appended).await?;
        self.wake_mailboxes([mailbox]);
        Ok(Imported::New(appended.uid))
    }

    /// Which of these import keys stand for messages that are still there, in the order asked: 1 statement.
    pub async fn imported(&self, account: AccountId, items: &[[u8; 32]]) -> Result<Vec<bool>, StoreError> {
        let keys: Vec<Vec<u8>> = items.iter().map(|key| key.to_vec()).collect();
        let found = sqlx::query_scalar!(
            r#"select exists (select from imported_message i
                                join mailbox_message e on e.message_id = i.message_id and e.account_id = $1
                               where i.account_id = $1 and i.item_key = u.key) as "there!"
                 from unnest($2::bytea[]) with ordinality u(key, n) order by u.n"#,
            account.0,
            &keys
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(found)
    }

    /// Enters in the audit log that an import begins or ends; durable when it returns.
    pub async fn note_import(
        &self,
        account: AccountId,
        mailbox: Option<MailboxId>,
        detail: String,
    ) -> Result<(), StoreError> {
        let mut note = AuditNote::done(crate::types::AuditAction::Import).account(account).detail(detail);
        if let Some(mailbox) = mailbox {
            note = note.mailbox(mailbox);
        }
        let mut tx = self.0.pool.begin().await?;
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(())
    }
}
