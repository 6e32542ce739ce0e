//! Annotations of mailboxes and of the account (RFC 5464).
//!
//! Invariants: name and value are sealed together; changes of one account wait for each other on its row,
//! so limits hold whatever comes at once; what belongs to a mailbox goes with it.

use std::collections::HashMap;

use super::mail_error::{MailError, ended};
use super::{Store, StoreError, TextDomain};
use crate::types::{AccountId, AnnotationName, MailboxId};

/// Annotations of one mailbox, and of the account as a whole.
pub const ANNOTATIONS_MAX: usize = 100;
/// Annotations of an account, all mailboxes together.
const OF_ACCOUNT_MAX: i64 = 20_000;
/// Bytes of one value.
pub const ANNOTATION_SIZE_MAX: usize = 16 * 1024;

/// Name and value.
pub type Annotation = (AnnotationName, Vec<u8>);

impl Store {
    /// The annotations of a mailbox, or with `None` of the account, by name: 1 statement.
    pub async fn annotations(
        &self,
        account: AccountId,
        mailbox: Option<MailboxId>,
    ) -> Result<Vec<Annotation>, StoreError> {
        let rows = sqlx::query_scalar!(
            "select sealed from annotation
              where account_id = $1 and mailbox_id is not distinct from $2",
            account.0,
            mailbox.map(|id| id.0)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for sealed in rows {
            all.push(self.open_annotation(account, &sealed).await?);
        }
        all.sort_unstable();
        Ok(all)
    }

    /// The annotations of all mailboxes that have any: 1 statement.
    pub async fn annotations_of_mailboxes(
        &self,
        account: AccountId,
    ) -> Result<HashMap<MailboxId, Vec<Annotation>>, StoreError> {
        let rows = sqlx::query!(
            r#"select mailbox_id as "mailbox_id!", sealed from annotation
                where account_id = $1 and mailbox_id is not null"#,
            account.0
        )
        .fetch_all(&self.0.pool)
        .await?;
        let mut all: HashMap<MailboxId, Vec<Annotation>> = HashMap::new();
        for row in rows {
            let annotation = self.open_annotation(account, &row.sealed).await?;
            all.entry(MailboxId(row.mailbox_id)).or_default().push(annotation);
        }
        for list in all.values_mut() {
            list.sort_unstable();
        }
        Ok(all)
    }

    async fn open_annotation(&self, account: AccountId, sealed: &[u8]) -> Result<Annotation, StoreError> {
        const BROKEN: StoreError = StoreError::Corrupt("annotation.sealed");
        let plain = self.seal_key(account).await?.open_bytes(TextDomain::Annotation, account, sealed)?;
        let end = memchr::memchr(0, &plain).ok_or(BROKEN)?;
        let name = std::str::from_utf8(&plain[..end]).ok().and_then(|name| AnnotationName::new(name).ok());
        Ok((name.ok_or(BROKEN)?, plain[end + 1..].to_vec()))
    }

    /// Sets annotations, all or none; `None` removes one; whether that changed anything. A transaction of 4
    /// statements, 5 where a mailbox's changed.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`]; [`MailError::TooManyAnnotations`], and then nothing is changed.
    pub async fn set_annotations(
        &self,
        account: AccountId,
        mailbox: Option<MailboxId>,
        changes: &[(AnnotationName, Option<Vec<u8>>)],
    ) -> Result<bool, MailError> {
        let seal = self.seal_key(account).await?;
        let key = |name: &AnnotationName| self.lookup().annotation(account, name).to_vec();
        let gone: Vec<Vec<u8>> =
            changes.iter().filter(|change| change.1.is_none()).map(|change| key(&change.0)).collect();
        let (mut keys, mut sealed) = (Vec::new(), Vec::new());
        for (name, value) in changes {
            let Some(value) = value else { continue };
            let plain = [name.as_str().as_bytes(), b"\0", value].concat();
            keys.push(key(name));
            sealed.push(seal.seal_bytes(TextDomain::Annotation, account, &plain).map_err(StoreError::from)?);
        }
        let mailbox = mailbox.map(|id| id.0);
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        sqlx::query!("select from account where id = $1 for no key update", account.0)
            .execute(&mut *tx)
            .await
            .map_err(ended)?;
        let removed = sqlx::query!(
            "delete from annotation
              where account_id = $1 and mailbox_id is not distinct from $2 and name_key = any($3)",
            account.0,
            mailbox,
            &gone
        )
        .execute(&mut *tx)
        .await
        .map_err(ended)?;
        let set = sqlx::query!(
            "insert into annotation (account_id, mailbox_id, name_key, sealed)
             select $1, $2, u.name_key, u.sealed from unnest($3::bytea[], $4::bytea[]) u(name_key, sealed)
             on conflict on constraint annotation_unique do update set sealed = excluded.sealed",
            account.0,
            mailbox,
            &keys,
            &sealed
        )
        .execute(&mut *tx)
        .await
        .map_err(ended)?;
        let count = sqlx::query!(
            r#"select count(*) as "of_account!",
                      count(*) filter (where mailbox_id is not distinct from $2) as "of_mailbox!"
                 from annotation where account_id = $1"#,
            account.0,
            mailbox
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(ended)?;
        if !keys.is_empty()
            && (count.of_mailbox > ANNOTATIONS_MAX as i64 || count.of_account > OF_ACCOUNT_MAX)
        {
            return Err(MailError::TooManyAnnotations);
        }
        // RFC 7162 §3.2: such a change has a mod-sequence too. Mailbox rows are locked last.
        let changed = removed.rows_affected() + set.rows_affected() > 0;
        if let Some(mailbox) = mailbox.filter(|_| changed) {
            sqlx::query!(
                "update mailbox set highestmodseq = highestmodseq + 1 where account_id = $1 and id = $2",
                account.0,
                mailbox
            )
            .execute(&mut *tx)
            .await
            .map_err(ended)?;
        }
        tx.commit().await.map_err(ended)?;
        self.wake_names(account);
        self.wake_mailboxes(mailbox.map(MailboxId));
        Ok(changed)
    }
}
