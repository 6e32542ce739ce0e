//! A practice is erased: its seal key goes, and with it all that it sealed, here and in every later backup.
//!
//! Invariants: in one transaction the key is deleted, the practice's accounts are closed and their sign-ins
//! end, what waits to be sent to them is taken back. Other gateways forget the key within ten seconds.
//! What the practice exchanged with others stays readable to them: those have keys of their own for it.

use super::{Store, StoreError};
use crate::types::{AccountId, AuditAction, AuditNote, PracticeId};

impl Store {
    /// Erases; how many accounts were closed. `None`: it was erased before, or is not there.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing happened.
    pub async fn practice_erase(&self, practice: PracticeId) -> Result<Option<u64>, StoreError> {
        let mut tx = self.0.pool.begin().await?;
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
            return Ok(None);
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
        self.0.keys.forget(practice);
        for row in &closed {
            self.sessions_end(AccountId(row.id), Some(row.sign_in_epoch)).await?;
        }
        Ok(Some(closed.len() as u64))
    }
}
