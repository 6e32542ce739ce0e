//! A practice is erased: its seal key goes, and with it all that it sealed, here and in every later backup.
//!
//! Invariants: in one transaction the key is deleted, the practice's accounts are closed and their sign-ins
//! end, what waits to be sent to them is taken back. Other gateways forget the key, and what they have in memory
//! of mail that it opened, within ten seconds.
//! What the practice exchanged with others stays readable to them: those have keys of their own for it. While
//! mail of one of its accounts is held for the law, nothing is erased.

use super::{Store, StoreError};
use crate::types::{AccountId, AuditAction, AuditNote, PracticeId};

impl Store {
    /// Erases, unless mail of one of its accounts is held for the law.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing happened.
    pub async fn practice_erase(&self, practice: PracticeId) -> Result<Erased, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        // No hold is set between this look and the end.
        sqlx::query!("select pg_advisory_xact_lock($1)", super::retention::HOLDS).fetch_one(&mut *tx).await?;
        let held = sqlx::query_scalar!(
            r#"select count(*) as "held!" from account where practice_id = $1 and legal_hold_at is not null"#,
            practice.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if held > 0 {
            return Ok(Erased::Held(held.cast_unsigned()));
        }
        let closed = sqlx::query!(
            "update account set state = 'closed', sign_in_epoch = sign_in_epoch + 1
              where practice_id = $1 returning id, sign_in_epoch",
            practice.0
        )
        .fetch_all(&mut *tx)
        .await?;
        let gone =
            sqlx::query!("delete from seal_key where practice_id = $1", practice.0).execute(&mut *tx).await?;
        if gone.rows_affected() == 0 {
            return Ok(Erased::Before);
        }
        let accounts: Vec<i64> = closed.iter().map(|row| row.id).collect();
        // Their words too, although nobody could open them.
        sqlx::query!("delete from search_segment where account_id = any($1)", &accounts)
            .execute(&mut *tx)
            .await?;
        sqlx::query!(
            "update notice set state = 'cancelled', payload = null, ended_at = now()
              where account_id = any($1) and state = 'waiting'",
            &accounts
        )
        .execute(&mut *tx)
        .await?;
        let note = AuditNote::done(AuditAction::PracticeErase).practice(practice);
        self.audit(&mut tx, note.detail(format!("accounts={}", accounts.len()))).await?;
        tx.commit().await?;
        self.forget_practice(practice);
        for row in &closed {
            self.sessions_end(AccountId(row.id), Some(row.sign_in_epoch)).await?;
        }
        Ok(Erased::Now(closed.len() as u64))
    }

    /// Forgets an erased practice's seal key, then what it opened: in this order, or more would be opened.
    pub(super) fn forget_practice(&self, practice: PracticeId) {
        if let Some(seal) = self.0.keys.forget(practice) {
            self.0.opened.forget_key(seal);
        }
    }
}

/// What came of erasing a practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// It is erased; so many accounts were closed.
    Now(u64),
    /// It was erased before, or is not there.
    Before,
    /// Nothing was changed: so many of its accounts are held.
    Held(u64),
}
