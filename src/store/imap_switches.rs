//! IMAP capabilities that are switched off for an account.

use super::{Store, StoreError};
use crate::types::{AccountId, AuditAction, AuditNote};

impl Store {
    /// What is switched off, in upper case, by name: 1 statement.
    pub async fn imap_switched_off(&self, account: AccountId) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            "select capability from imap_switched_off where account_id = $1 order by capability",
            account.0
        )
        .fetch_all(&self.0.pool)
        .await?)
    }

    /// Switches capabilities off and on for an account's sign-ins from now on; what is in both is on.
    /// Entered in the audit log.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was switched.
    pub async fn switch_imap(
        &self,
        account: AccountId,
        off: &[String],
        on: &[String],
    ) -> Result<(), StoreError> {
        let mut tx = self.0.pool.begin().await?;
        sqlx::query!(
            "with gone as (
                 delete from imap_switched_off where account_id = $1 and capability = any($3))
             insert into imap_switched_off (account_id, capability)
             select $1, c from unnest($2::text[]) c where c <> all($3)
             on conflict do nothing",
            account.0,
            off,
            on
        )
        .execute(&mut *tx)
        .await?;
        let note = AuditNote::done(AuditAction::AccountChange).account(account);
        let detail = format!("imap off={} on={}", off.join(","), on.join(","));
        self.audit(&mut tx, note.detail(detail)).await?;
        tx.commit().await?;
        Ok(())
    }
}
