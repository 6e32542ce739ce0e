//! Reset links and links to a new email address (R2, R6).
//!
//! Invariants: an account has one link of each kind, the newest; it is good for an hour, and until what it is for
//! has happened. A reset link opens nothing while the account is locked. The token is stored as a keyed hash.

use std::time::{Duration, SystemTime};

use sqlx::PgConnection;

use super::known_browsers::Telling;
use super::notices::NewNotice;
use super::tokens::random_token;
use super::{Account, Store, StoreError, WebSession, addresses, seconds_of, time_of};
use crate::types::{AccountId, Address, AuditAction, AuditNote, Channel, NoticeContent, NoticeKind, Secret};

/// A link is good for so long.
const LIFE: Duration = Duration::from_hours(1);

/// A link that was found.
#[derive(Clone, Debug)]
pub struct FoundLink {
    /// Whose.
    pub account: AccountId,
    /// Of an email link: the address it proves.
    pub new_email: Option<Address>,
    /// Until when it is good.
    pub expires_at: SystemTime,
}

/// A new portal password, hashed.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// Argon2id in PHC form, from `service::portal_password`.
    pub hashed: String,
    /// Whether it is good without a second step.
    pub long: bool,
}

/// What became of a new email address (R6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailTaken {
    /// It is the account's now.
    Done(Address),
    /// It belongs to another account.
    Another,
    /// The link is no longer good, or not this account's.
    NoLink,
    /// The sign-in has ended.
    Ended,
}

impl Store {
    /// Sends a reset link, unless too many were sent in the last hour (`false`) or the account is not in service.
    /// `page` is what the token is appended to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reset_send(
        &self,
        account: AccountId,
        page: &str,
        per_hour: u32,
    ) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        if !self.note_sent(&mut tx, account, "reset", per_hour).await? {
            return Ok(false);
        }
        let active = sqlx::query_scalar!(
            "select state = 'active' as \"active!\" from account where id = $1",
            account.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if active != Some(true) {
            return Ok(false);
        }
        let (link, expires_at) = self.link_put(&mut tx, account, "reset", None, page).await?;
        let notice = NewNotice::new(account, NoticeContent::ResetLink { link }, Channel::Email)
            .expires(expires_at)
            .replacing(&[NoticeKind::ResetLink, NoticeKind::AccountUnlocked]);
        self.enqueue_notice(&mut tx, notice).await?;
        self.audit(&mut tx, AuditNote::done(AuditAction::PasswordReset).account(account)).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(true)
    }

    /// R4: unlocks, forgets the wrong secrets, and sends a reset link, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: there was no locked account of that number.
    pub async fn unlock_with_reset(&self, account: AccountId, page: &str) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query!(
            "update account set state = 'active', locked_at = null where id = $1 and state = 'locked'",
            account.0
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        sqlx::query!("delete from failed_secret where account_id = $1", account.0).execute(&mut *tx).await?;
        self.device_links_void(&mut tx, account).await?;
        let (link, expires_at) = self.link_put(&mut tx, account, "reset", None, page).await?;
        let notice = NewNotice::new(account, NoticeContent::AccountUnlocked { link }, Channel::Email)
            .expires(expires_at)
            .replacing(&[NoticeKind::ResetLink, NoticeKind::AccountUnlocked, NoticeKind::AccountLocked]);
        self.enqueue_notice(&mut tx, notice).await?;
        self.audit(&mut tx, AuditNote::done(AuditAction::Unlock).account(account)).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(true)
    }

    /// Sends a link to a new email address (R6); `false`: too many in the last hour. To an address that is
    /// another account's nothing is sent, and the answer is the same.
    ///
    /// # Errors
    /// [`StoreError`]. `None`: the sign-in has ended.
    pub async fn email_send(
        &self,
        session: &WebSession,
        to: &Address,
        page: &str,
        per_hour: u32,
    ) -> Result<Option<bool>, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(None);
        }
        if !self.note_sent(&mut tx, account, "email", per_hour).await? {
            return Ok(Some(false));
        }
        let (link, expires_at) = self.link_put(&mut tx, account, "email", Some(to), page).await?;
        let another = sqlx::query_scalar!(
            r#"select exists (select from address where address = $1 and account_id <> $2) as "taken!""#,
            to.as_str(),
            account.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if !another {
            let notice = NewNotice::new(account, NoticeContent::EmailLink { link }, Channel::Email)
                .to(to.as_str())
                .expires(expires_at)
                .replacing(&[NoticeKind::EmailLink]);
            self.enqueue_notice(&mut tx, notice).await?;
        }
        let note =
            AuditNote::done(AuditAction::AccountChange).account(account).detail("fields=email step=link");
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Some(true))
    }

    /// Makes a link, which voids the older one of its kind; answers it whole.
    async fn link_put(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        kind: &'static str,
        new_email: Option<&Address>,
        page: &str,
    ) -> Result<(Secret, SystemTime), StoreError> {
        let token = random_token()?;
        let now = self.0.clock.now();
        let expires_at = now + LIFE;
        sqlx::query!(
            "insert into account_link (account_id, kind, token_key, new_email, made_at, expires_at)
             values ($1, $2, $3, $4, to_timestamp($5), to_timestamp($6))
                 on conflict (account_id, kind) do update
                set token_key = excluded.token_key, new_email = excluded.new_email, made_at = excluded.made_at,
                    expires_at = excluded.expires_at, pending_password = null, pending_long = null",
            account.0,
            kind,
            &self.lookup().token(kind, &token),
            new_email.map(Address::as_str),
            seconds_of(now),
            seconds_of(expires_at)
        )
        .execute(tx)
        .await?;
        Ok((Secret::new([page.as_bytes(), token.expose()].concat()), expires_at))
    }

    /// A reset link whose account is in service. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reset_link(&self, token: &Secret) -> Result<Option<FoundLink>, StoreError> {
        self.link_find("reset", token).await
    }

    /// A link to a new email address. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn email_link(&self, token: &Secret) -> Result<Option<FoundLink>, StoreError> {
        self.link_find("email", token).await
    }

    async fn link_find(&self, kind: &'static str, token: &Secret) -> Result<Option<FoundLink>, StoreError> {
        let row = sqlx::query!(
            r#"select l.account_id, l.new_email, (extract(epoch from l.expires_at) * 1000000)::bigint as "expires_at!"
                 from account_link l join account a on a.id = l.account_id
                where l.token_key = $1 and l.kind = $2 and a.state = 'active'"#,
            &self.lookup().token(kind, token),
            kind
        )
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let new_email = match row.new_email {
            Some(text) => {
                Some(Address::parse(&text).map_err(|_| StoreError::Corrupt("account_link.new_email"))?)
            }
            None => None,
        };
        Ok(Some(FoundLink {
            account: AccountId(row.account_id),
            new_email,
            expires_at: time_of(row.expires_at),
        }))
    }

    /// R2: keeps the new password beside the link until the second step is taken, and begins the sign-in that
    /// takes it; earlier ones of this link end. `None`: the link is no longer good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reset_begin(
        &self,
        token: &Secret,
        password: &NewPassword,
        peer: super::WebPeer<'_>,
    ) -> Result<Option<Secret>, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let Some(account) = self.reset_hold(&mut tx, token).await? else { return Ok(None) };
        sqlx::query!(
            "update account_link set pending_password = $2, pending_long = $3 where account_id = $1 and kind = 'reset'",
            account.0,
            password.hashed,
            password.long
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("delete from web_session where account_id = $1 and stage = 'resetting'", account.0)
            .execute(&mut *tx)
            .await?;
        let token = self.session_begin(&mut tx, account, super::WebStage::Resetting, None, peer).await?;
        tx.commit().await?;
        Ok(Some(token))
    }

    /// R2: with two-step off the password holds at once; answers the new sign-in. `None`: the link is no longer
    /// good, or two-step was turned on meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reset_at_once(
        &self,
        token: &Secret,
        password: &NewPassword,
        peer: super::WebPeer<'_>,
    ) -> Result<Option<Secret>, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let Some(account) = self.reset_hold(&mut tx, token).await? else { return Ok(None) };
        let two_step = sqlx::query_scalar!(
            r#"select a.two_step or not a.password_long or coalesce(p.two_step_enforced, false) as "two_step!"
                 from account a left join practice p on p.id = a.practice_id where a.id = $1"#,
            account.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if two_step {
            return Ok(None);
        }
        sqlx::query!("delete from account_link where account_id = $1 and kind = 'reset'", account.0)
            .execute(&mut *tx)
            .await?;
        self.password_put(&mut tx, account, password).await?;
        let session = self.session_begin(&mut tx, account, super::WebStage::Full, None, peer).await?;
        self.browsers_forget(&mut tx, account).await?;
        self.browser_seen(&mut tx, account, peer, Telling::Owner).await?;
        let note = AuditNote::done(AuditAction::SignIn).account(account).detail("door=portal by=reset");
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Some(session))
    }

    /// Locks the account of a good reset link.
    async fn reset_hold(
        &self,
        tx: &mut PgConnection,
        token: &Secret,
    ) -> Result<Option<AccountId>, StoreError> {
        let key = self.lookup().token("reset", token);
        let now = seconds_of(self.0.clock.now());
        let account = sqlx::query_scalar!(
            "select a.id from account a
              where a.id = (select account_id from account_link where token_key = $1 and kind = 'reset')
                and a.state = 'active' for no key update",
            &key
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(account) = account else { return Ok(None) };
        // Asked again under the lock: a newer link may have come in between.
        let good = sqlx::query_scalar!(
            "select account_id from account_link
              where account_id = $1 and token_key = $2 and expires_at > to_timestamp($3) for update",
            account,
            &key,
            now
        )
        .fetch_optional(tx)
        .await?;
        Ok(good.map(AccountId))
    }

    /// The second step of a reset was right: the password beside the link holds, the link is used up. The caller
    /// holds the account. `false`: there is none any more.
    pub(super) async fn reset_apply(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        let pending = sqlx::query!(
            r#"delete from account_link
                where account_id = $1 and kind = 'reset' and pending_password is not null
                  and expires_at > to_timestamp($2)
               returning pending_password as "password!", pending_long as "long!""#,
            account.0,
            seconds_of(self.0.clock.now())
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(pending) = pending else { return Ok(false) };
        self.password_put(tx, account, &NewPassword { hashed: pending.password, long: pending.long }).await?;
        Ok(true)
    }

    /// Sets a portal password, ends every web sign-in, and tells the owner. The caller holds the account.
    pub(super) async fn password_put(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        password: &NewPassword,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update account set portal_password = $2, password_long = $3, password_initial = false,
                                web_epoch = web_epoch + 1
              where id = $1",
            account.0,
            password.hashed,
            password.long
        )
        .execute(&mut *tx)
        .await?;
        super::sessions::forget_portal_failures(tx, account).await?;
        // Links that are still out were asked for under the old one, by whoever knew it.
        sqlx::query!("delete from account_link where account_id = $1", account.0).execute(&mut *tx).await?;
        self.device_links_void(tx, account).await?;
        self.cancel_notices(tx, account, &[NoticeKind::ResetLink, NoticeKind::EmailLink]).await?;
        let notice = NewNotice::new(account, NoticeContent::PasswordChanged, Channel::Email);
        self.enqueue_notice(tx, notice).await?;
        self.audit(tx, AuditNote::done(AuditAction::PasswordChange).account(account)).await
    }

    /// R6: the new address holds; the old one is retired and told. The link alone does nothing: it is taken in a
    /// sign-in of its account (ADR 22).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn email_take(&self, session: &WebSession, token: &Secret) -> Result<EmailTaken, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(EmailTaken::Ended);
        }
        // As it is now: the address may have changed since the request began.
        let Some(account) = self.account(session.account.id).await? else { return Ok(EmailTaken::NoLink) };
        let new = sqlx::query_scalar!(
            r#"delete from account_link
                where account_id = $1 and kind = 'email' and token_key = $2 and expires_at > to_timestamp($3)
               returning new_email as "new!""#,
            account.id.0,
            &self.lookup().token("email", token),
            seconds_of(self.0.clock.now())
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(new) = new else { return Ok(EmailTaken::NoLink) };
        let new = Address::parse(&new).map_err(|_| StoreError::Corrupt("account_link.new_email"))?;
        if !self.email_set(&mut tx, &account, &new).await? {
            return Ok(EmailTaken::Another);
        }
        tx.commit().await?;
        self.wake_notices();
        self.join_due(account.id).await;
        Ok(EmailTaken::Done(new))
    }

    /// Gives an account another email address inside the caller's transaction, which holds the account; the old
    /// one is told. `false`: the address belongs to another account.
    pub(super) async fn email_set(
        &self,
        tx: &mut PgConnection,
        account: &Account,
        new: &Address,
    ) -> Result<bool, StoreError> {
        if *new == account.email {
            return Ok(true);
        }
        let now = seconds_of(self.0.clock.now());
        // Before the address, as a registration takes them.
        sqlx::query!(
            "select id from invitation where email = $1 and state = 'open' order by id for update",
            new.as_str()
        )
        .fetch_all(&mut *tx)
        .await?;
        sqlx::query!(
            "update address set retired_at = to_timestamp($2)
              where account_id = $1 and kind = 'email' and retired_at is null",
            account.id.0,
            now
        )
        .execute(&mut *tx)
        .await?;
        let taken = addresses::insert(tx, &[account.id.0], &[new.as_str().to_owned()], "email")
            .await?
            .contains(&true);
        if taken {
            // One that was the account's own before may be again.
            let back = sqlx::query!(
                "update address set retired_at = null where address = $1 and account_id = $2 and kind = 'email'",
                new.as_str(),
                account.id.0
            )
            .execute(&mut *tx)
            .await?;
            if back.rows_affected() != 1 {
                return Ok(false);
            }
        }
        // A reset link may lie in a mailbox that is no longer the account's.
        sqlx::query!("delete from account_link where account_id = $1 and kind = 'reset'", account.id.0)
            .execute(&mut *tx)
            .await?;
        self.cancel_notices(tx, account.id, &[NoticeKind::ResetLink, NoticeKind::AccountUnlocked]).await?;
        let notice = NewNotice::new(account.id, NoticeContent::EmailChanged, Channel::Email)
            .to(account.email.as_str());
        self.enqueue_notice(tx, notice).await?;
        self.join_mark(tx, account.id, new).await?;
        let note = AuditNote::done(AuditAction::AccountChange).account(account.id).detail("fields=email");
        self.audit(tx, note).await?;
        Ok(true)
    }
}
