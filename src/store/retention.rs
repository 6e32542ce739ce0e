//! What was deleted and can come back; what expires; what is held for the law.
//!
//! Invariants: Support sees of deleted mail when, where and how large it was, never what it was; what is
//! brought back is a new message of its mailbox and comes back once; a hold stops expiry and the end of
//! recoverability alike, for as long as it lasts. All of it is entered in the audit log.

use std::time::{Duration, SystemTime};

use super::mail_error::{MailError, ended};
use super::{Store, StoreError, seconds_of, time_of};
use crate::types::{AccountId, AuditAction, AuditNote, MailboxId, PracticeId};

/// The advisory lock between holds and what they stop; `migrations/0010_recovery.sql` has it too.
pub(super) const HOLDS: i64 = 7_064_010;
/// A practice's mailboxes are gone through so often: expiry counts in days.
const EXPIRY_EVERY: Duration = Duration::from_hours(6);
/// Messages that expire in one transaction.
const EXPIRE_AT_ONCE: i32 = 1000;

/// A message that was deleted and can come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The mailbox that it was in, which may be gone.
    pub mailbox: MailboxId,
    /// Its UID there.
    pub uid: u32,
    /// When it went.
    pub deleted_at: SystemTime,
    /// RFC822.SIZE in bytes.
    pub size: u64,
    /// INTERNALDATE in Unix seconds.
    pub internal_date: i64,
    /// Whether its mailbox is there.
    pub mailbox_exists: bool,
}

/// A practice whose messages expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Which.
    pub practice: PracticeId,
    /// Its name.
    pub name: String,
    /// Days after which they do.
    pub days: u32,
}

impl Store {
    /// What an account deleted since then and can have back, oldest first.
    pub async fn deleted(&self, account: AccountId, since: SystemTime) -> Result<Vec<Deleted>, StoreError> {
        let rows = sqlx::query!(
            r#"select e.mailbox_id, e.uid, e.size, e.internal_date,
                      (extract(epoch from e.expunged_at) * 1000000)::bigint as "at!",
                      exists (select from mailbox m where m.account_id = e.account_id and m.id = e.mailbox_id
                                 and m.selectable) as "there!"
                 from expunged e
                where e.account_id = $1 and not e.moved and e.expunged_at >= to_timestamp($2)
                order by e.expunged_at, e.mailbox_id, e.uid"#,
            account.0,
            seconds_of(since)
        )
        .fetch_all(&self.0.pool)
        .await?;
        let deleted = rows.into_iter().map(|row| Deleted {
            mailbox: MailboxId(row.mailbox_id),
            uid: row.uid as u32,
            deleted_at: time_of(row.at),
            size: row.size.cast_unsigned(),
            internal_date: row.internal_date,
            mailbox_exists: row.there,
        });
        Ok(deleted.collect())
    }

    /// Brings messages back into a mailbox; how many were still there to be brought back.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`], [`MailError::NotSelectable`]; [`StoreError::Seal`] when one of the entries was
    /// changed: then none is brought back.
    pub async fn restore(
        &self,
        account: AccountId,
        messages: &[(MailboxId, u32)],
        to: MailboxId,
    ) -> Result<u32, MailError> {
        let mailboxes: Vec<i64> = messages.iter().map(|(mailbox, _)| mailbox.0).collect();
        let uids: Vec<i64> = messages.iter().map(|(_, uid)| i64::from(*uid)).collect();
        let ties = self.lookup().ties(account);
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        let count = sqlx::query_scalar!(
            r#"select restore_messages($1, $2, $3, $4, $5) as "count!""#,
            account.0,
            &mailboxes,
            &uids,
            to.0,
            ties.bytes()
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(ended)?;
        if count > 0 {
            let note = AuditNote::done(AuditAction::Restore).account(account).mailbox(to);
            self.audit(&mut tx, note.detail(format!("messages={count}"))).await?;
        }
        tx.commit().await.map_err(ended)?;
        self.wake_mailboxes([to]);
        Ok(count.cast_unsigned())
    }

    /// Sets how long a practice keeps messages; `None`: for ever. `false`: there is no such practice.
    pub async fn set_expiry(&self, practice: PracticeId, days: Option<u32>) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let days = days.map(|n| i32::try_from(n).unwrap_or(i32::MAX));
        let done = sqlx::query!(
            "update practice set expire_days = $2, expiry_swept_at = null where id = $1",
            practice.0,
            days
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let word = days.map_or_else(|| "none".to_owned(), |n| n.to_string());
        let note = AuditNote::done(AuditAction::PracticeChange).practice(practice);
        self.audit(&mut tx, note.detail(format!("expire-days={word}"))).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Holds an account's mail for the law, or ends that; `case` is a reference of Support's, no name. `false`:
    /// it was so already.
    pub async fn set_legal_hold(
        &self,
        account: AccountId,
        hold: LegalHold,
        case: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        // Expiry and the end of what was deleted hold it shared, and look at holds after they have it: what is
        // held when this returns stays, also what a sweep was just at.
        sqlx::query!("select pg_advisory_xact_lock($1)", HOLDS).fetch_one(&mut *tx).await?;
        let at = (hold == LegalHold::On).then(|| seconds_of(self.0.clock.now()));
        let done = sqlx::query!(
            "update account set legal_hold_at = to_timestamp($2)
              where id = $1 and (legal_hold_at is null) = ($2::double precision is not null)",
            account.0,
            at
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let word = if hold == LegalHold::On { "on" } else { "off" };
        let note = AuditNote::done(AuditAction::LegalHold).account(account);
        self.audit(&mut tx, note.detail(format!("hold={word} case={case}"))).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Practices whose messages expire, and accounts that are held since when.
    pub async fn retention(&self) -> Result<(Vec<Expiry>, Vec<(AccountId, SystemTime)>), StoreError> {
        let practices = sqlx::query!(
            r#"select id, name, expire_days as "days!" from practice where expire_days is not null order by id"#
        )
        .fetch_all(&self.0.pool)
        .await?;
        let held = sqlx::query!(
            r#"select id, (extract(epoch from legal_hold_at) * 1000000)::bigint as "at!"
                 from account where legal_hold_at is not null order by id"#
        )
        .fetch_all(&self.0.pool)
        .await?;
        let expiry = |row: (i64, String, i32)| Expiry {
            practice: PracticeId(row.0),
            name: row.1,
            days: row.2.cast_unsigned(),
        };
        Ok((
            practices.into_iter().map(|row| expiry((row.id, row.name, row.days))).collect(),
            held.into_iter().map(|row| (AccountId(row.id), time_of(row.at))).collect(),
        ))
    }

    /// Expires what is older than its practice keeps: it stays recoverable like what somebody deleted. How many.
    /// Each practice is looked at once in [`EXPIRY_EVERY`], by whichever gateway comes first; a mailbox is read
    /// through once for each thousand messages that go, and once more.
    pub async fn expire(&self) -> Result<u64, MailError> {
        let mut all = 0;
        while let Some(practice) = sqlx::query_scalar!(
            "select expiry_due($1, $2)",
            seconds_of(self.0.clock.now()),
            EXPIRY_EVERY.as_secs_f64()
        )
        .fetch_one(&self.0.pool)
        .await
        .map_err(ended)?
        {
            let mailboxes = sqlx::query!(
                "select m.account_id, m.id from account a join mailbox m on m.account_id = a.id and m.messages > 0
                  where a.practice_id = $1 and a.legal_hold_at is null order by m.account_id, m.id",
                practice
            )
            .fetch_all(&self.0.pool)
            .await
            .map_err(ended)?;
            for row in mailboxes {
                all += self.expire_mailbox(AccountId(row.account_id), MailboxId(row.id)).await?;
            }
            // Last, so that a pass that was interrupted is made again.
            sqlx::query!(
                "update practice set expiry_swept_at = to_timestamp($2) where id = $1",
                practice,
                seconds_of(self.0.clock.now())
            )
            .execute(&self.0.pool)
            .await
            .map_err(ended)?;
        }
        Ok(all)
    }

    async fn expire_mailbox(&self, account: AccountId, mailbox: MailboxId) -> Result<u64, MailError> {
        let system = self.acting_as(crate::types::Origin::system());
        let mut all = 0;
        loop {
            let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
            let expired = sqlx::query_scalar!(
                r#"select expire_mailbox($1, $2, $3, $4) as "expired!""#,
                account.0,
                mailbox.0,
                seconds_of(self.0.clock.now()),
                EXPIRE_AT_ONCE
            )
            .fetch_one(&mut *tx)
            .await
            .map_err(ended)?;
            if expired == 0 {
                // Ended here and not by dropping it, which gives the locks back only some time later.
                tx.rollback().await.map_err(ended)?;
                return Ok(all);
            }
            let note = AuditNote::done(AuditAction::Delete).account(account).mailbox(mailbox);
            system.audit(&mut tx, note.detail(format!("reason=expired messages={expired}"))).await?;
            tx.commit().await.map_err(ended)?;
            self.wake_mailboxes([mailbox]);
            all += expired.cast_unsigned();
        }
    }
}

/// Whether mail is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegalHold {
    /// From now on.
    On,
    /// No more.
    Off,
}
