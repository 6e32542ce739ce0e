//! The stored portal password of an account: read, set, set by Support.
//!
//! Invariant: what is stored is argon2id in PHC form, made by `service::portal_password`.

use super::{Store, StoreError};
use crate::types::{AccountId, AuditAction, AuditNote};

impl Store {
    /// Sets or removes the portal password, hashed by `service::portal_password`.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: no such account.
    pub async fn set_portal_password(
        &self,
        account: AccountId,
        hashed: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query!(
            "update account set portal_password = $2, password_initial = false where id = $1",
            account.0,
            hashed
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let how = if hashed.is_some() { "set" } else { "removed" };
        let note = AuditNote::done(AuditAction::PasswordChange).account(account);
        self.audit(&mut tx, note.detail(format!("password={how}"))).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The stored hash of the portal password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn portal_password(&self, account: AccountId) -> Result<Option<String>, StoreError> {
        let hashed = sqlx::query_scalar!("select portal_password from account where id = $1", account.0)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(hashed.flatten())
    }

    /// Sets a portal password that Support has made or been told: its first use leads to choosing another one
    /// (ASVS 5.0, 6.4.1).
    ///
    /// # Errors
    /// [`StoreError`]. `false`: no such account.
    pub async fn initial_password_set(&self, account: AccountId, hashed: &str) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query!(
            "update account set portal_password = $2, password_long = true, password_initial = true where id = $1",
            account.0,
            hashed
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let note = AuditNote::done(AuditAction::PasswordChange).account(account).detail("password=initial");
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(true)
    }
}
