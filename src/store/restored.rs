//! After a backup has been restored: what must not go on as if nothing had happened.
//!
//! Invariants: no UID and no mod-sequence that a mail program knows gets a second meaning; nobody is signed in
//! to the portal by a sign-in that may have ended since the backup. App passwords cannot be judged: what was
//! revoked since is good again, and Support has to look (docs/operations.md). Safe to run again.

use super::{Store, StoreError};
use crate::types::{AuditAction, AuditNote};

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AfterRestore {
    /// Mailboxes that went ahead.
    pub mailboxes: u64,
    /// Web sign-ins that were ended.
    pub sign_ins: u64,
}

impl Store {
    /// Does all of it, an account at a time.
    ///
    /// # Errors
    /// [`StoreError`]; run it again then.
    pub async fn after_restore(&self) -> Result<AfterRestore, StoreError> {
        let mut done = AfterRestore::default();
        let accounts =
            sqlx::query_scalar!("select id from account order by id").fetch_all(&self.0.pool).await?;
        for account in accounts {
            let mailboxes = sqlx::query_scalar!(r#"select mailboxes_after_restore($1) as "n!""#, account)
                .fetch_one(&self.0.pool)
                .await?;
            done.mailboxes += mailboxes.cast_unsigned();
        }
        let mut tx = self.0.pool.begin().await?;
        // Ids that were given out after the backup are ids of mail programs, too (RFC 8474).
        sqlx::query!(
            r#"select setval(pg_get_serial_sequence('mailbox', 'id'),
                             nextval(pg_get_serial_sequence('mailbox', 'id')) + 1000000) as "id!""#
        )
        .fetch_one(&mut *tx)
        .await?;
        // A link or code that was used up after the backup would be good once more.
        sqlx::query!("delete from account_link").execute(&mut *tx).await?;
        sqlx::query!("delete from phone_code").execute(&mut *tx).await?;
        done.sign_ins = sqlx::query!("delete from web_session").execute(&mut *tx).await?.rows_affected();
        let note = AuditNote::done(AuditAction::BackupRestored);
        self.audit(&mut tx, note.detail(format!("mailboxes={} sign-ins={}", done.mailboxes, done.sign_ins)))
            .await?;
        tx.commit().await?;
        Ok(done)
    }
}
