//! What an account's owner and Support change about it (R2, R6, R22–R24), and closing it.
//!
//! Invariants: a phone number is only set after it was proved, or by Support; the signature is sealed; whatever takes
//! a right away ends what runs under it, in the same transaction.

use sqlx::PgConnection;

use super::accounts::checked_name;
use super::known_browsers::Telling;
use super::links::NewPassword;
use super::notices::NewNotice;
use super::{AccountError, Role, Store, StoreError, TextDomain, WebPeer, WebSession, WebStage};
use crate::types::{AccountId, Address, AuditAction, AuditNote, Channel, NoticeContent, Phone, Secret};

/// R23: how "you have a secure message" reaches the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyBy {
    /// By email.
    Email,
    /// By text message.
    Text,
    /// Both.
    Both,
    /// Not at all.
    None,
}

impl NotifyBy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Text => "text",
            Self::Both => "both",
            Self::None => "none",
        }
    }
}

/// R23: when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyWhen {
    /// Always.
    Always,
    /// Only while none of the person's mail programs is connected.
    Disconnected,
}

impl NotifyWhen {
    fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Disconnected => "disconnected",
        }
    }
}

/// R22, R23: the messaging settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messaging {
    /// At most 2,000 characters, lines by LF; empty: none.
    pub signature: String,
    /// R23
    pub notify_by: NotifyBy,
    /// R23
    pub notify_when: NotifyWhen,
}

/// What is not in [`super::Account`].
#[derive(Clone, Debug)]
pub struct StoredProfile {
    /// The proved number that codes go to.
    pub phone: Option<Phone>,
    /// A new email address that waits for its link.
    pub email_pending: Option<Address>,
    /// May be empty.
    pub ada_number: String,
    /// May be empty.
    pub specialties: Vec<String>,
    /// R24
    pub time_zone: String,
    /// R2: the account's own choice.
    pub two_step: bool,
    /// R2: the practice forbids turning it off.
    pub two_step_enforced: bool,
    /// The password is good without a second step.
    pub password_long: bool,
    /// R3: an authenticator app is enrolled.
    pub app: bool,
}

/// What is set of an account; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct AccountEdit {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// What the person does.
    pub role: Option<Role>,
    /// R6
    pub ada_number: Option<String>,
    /// R6
    pub specialties: Option<Vec<String>>,
    /// R24, checked.
    pub time_zone: Option<String>,
    /// R6: Support alone sets it unproved.
    pub phone: Option<Phone>,
    /// R6: Support alone sets it unproved.
    pub email: Option<Address>,
    /// R20: a cap in bytes, or none.
    pub storage_cap: Option<Option<u64>>,
}

impl StoredProfile {
    /// R2: whether a sign-in asks for the second step. A password too short to be alone never is, whatever was
    /// chosen since it was set.
    pub fn asks_factor(&self) -> bool {
        self.two_step || self.two_step_enforced || !self.password_long
    }
}

impl Store {
    /// What the profile page shows.
    ///
    /// # Errors
    /// [`StoreError`]; the account must exist.
    pub async fn profile(&self, account: AccountId) -> Result<StoredProfile, StoreError> {
        let row = sqlx::query!(
            r#"select a.phone, a.ada_number, a.specialties, a.time_zone, a.two_step, a.password_long,
                      coalesce(p.two_step_enforced, false) as "enforced!", t.secret is not null as "app!",
                      l.new_email as "new_email?"
                 from account a
                 left join practice p on p.id = a.practice_id
                 left join totp t on t.account_id = a.id
                 left join account_link l on l.account_id = a.id and l.kind = 'email' and l.expires_at > to_timestamp($2)
                where a.id = $1"#,
            account.0,
            super::seconds_of(self.0.clock.now())
        )
        .fetch_one(&self.0.pool)
        .await?;
        Ok(StoredProfile {
            phone: self.open_phone(account, row.phone.as_deref()).await?,
            email_pending: row.new_email.and_then(|e| Address::parse(&e).ok()),
            ada_number: row.ada_number,
            specialties: row.specialties,
            time_zone: row.time_zone,
            two_step: row.two_step,
            two_step_enforced: row.enforced,
            password_long: row.password_long,
            app: row.app,
        })
    }

    /// R6, R8: sets what is given, in one transaction. `false`: there is no such account, or it is closed.
    ///
    /// # Errors
    /// [`AccountError::AddressTaken`], [`AccountError::AddressOwnDomain`], [`AccountError::Name`].
    pub async fn account_edit(&self, id: AccountId, edit: &AccountEdit) -> Result<bool, AccountError> {
        let Some(account) = self.account(id).await? else { return Ok(false) };
        let first_name = edit.first_name.as_deref().map(checked_name).transpose()?;
        let last_name = edit.last_name.as_deref().map(checked_name).transpose()?;
        let mut tx = self.0.pool.begin().await?;
        let phone = match &edit.phone {
            Some(phone) => Some(self.seal_phone(&mut tx, id, phone).await?),
            None => None,
        };
        let done = sqlx::query!(
            "update account
                set first_name = coalesce($2, first_name), last_name = coalesce($3, last_name),
                    role = coalesce($4, role), ada_number = coalesce($5, ada_number),
                    specialties = coalesce($6, specialties), time_zone = coalesce($7, time_zone),
                    phone = coalesce($8, phone),
                    storage_cap = case when $9 then $10 else storage_cap end
              where id = $1 and state in ('active', 'locked')",
            id.0,
            first_name,
            last_name,
            edit.role.map(Role::as_str),
            edit.ada_number,
            edit.specialties.as_deref(),
            edit.time_zone,
            phone,
            edit.storage_cap.is_some(),
            edit.storage_cap.flatten().map(|n| i64::try_from(n).unwrap_or(i64::MAX))
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        if let Some(email) = &edit.email {
            if email.domain() == self.0.domain {
                return Err(AccountError::AddressOwnDomain(email.clone()));
            }
            if !self.email_set(&mut tx, &account, email).await? {
                return Err(AccountError::AddressTaken(email.clone()));
            }
        }
        if let Some(phone) = &edit.phone {
            self.other_phone_drop(&mut tx, id, phone).await?;
            self.codes_void(&mut tx, id).await?;
            let notice = NewNotice::new(id, NoticeContent::PhoneChanged, Channel::Email);
            self.enqueue_notice(&mut tx, notice).await?;
        }
        let fields = [
            ("first-name", edit.first_name.is_some()),
            ("last-name", edit.last_name.is_some()),
            ("role", edit.role.is_some()),
            ("ada-number", edit.ada_number.is_some()),
            ("specialties", edit.specialties.is_some()),
            ("time-zone", edit.time_zone.is_some()),
            ("phone", edit.phone.is_some()),
            ("storage-cap", edit.storage_cap.is_some()),
        ];
        self.audit_fields(&mut tx, id, &fields).await?;
        tx.commit().await?;
        self.wake_notices();
        if edit.email.is_some() {
            self.join_due(id).await;
        }
        Ok(true)
    }

    async fn audit_fields(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        fields: &[(&str, bool)],
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = fields.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
        if names.is_empty() {
            return Ok(());
        }
        let note = AuditNote::done(AuditAction::AccountChange).account(account);
        self.audit(tx, note.detail(format!("fields={}", names.join(",")))).await
    }

    /// R22, R23.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn messaging(&self, account: AccountId) -> Result<Messaging, StoreError> {
        let row = sqlx::query!("select signature, notify, notify_when from account where id = $1", account.0)
            .fetch_one(&self.0.pool)
            .await?;
        let signature = match row.signature {
            Some(sealed) => {
                self.seal_key(account).await?.open_text(TextDomain::Signature, account, &sealed)?
            }
            None => String::new(),
        };
        let notify_by = [NotifyBy::Email, NotifyBy::Text, NotifyBy::Both, NotifyBy::None]
            .into_iter()
            .find(|n| n.as_str() == row.notify)
            .ok_or(StoreError::Corrupt("account.notify"))?;
        let notify_when = [NotifyWhen::Always, NotifyWhen::Disconnected]
            .into_iter()
            .find(|n| n.as_str() == row.notify_when)
            .ok_or(StoreError::Corrupt("account.notify_when"))?;
        Ok(Messaging { signature, notify_by, notify_when })
    }

    /// R22, R23.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn messaging_set(&self, account: AccountId, set: &Messaging) -> Result<(), StoreError> {
        let key = self.seal_key(account).await?;
        let signature = match set.signature.as_str() {
            "" => None,
            text => Some(key.seal_text(TextDomain::Signature, account, text)?),
        };
        let mut tx = self.0.pool.begin().await?;
        sqlx::query!(
            "update account set signature = $2, notify = $3, notify_when = $4 where id = $1",
            account.0,
            signature,
            set.notify_by.as_str(),
            set.notify_when.as_str()
        )
        .execute(&mut *tx)
        .await?;
        self.audit_fields(&mut tx, account, &[("signature", true), ("notifications", true)]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A new password from inside a sign-in, whose current one was `hashed`; every other sign-in ends, this one goes on
    /// under the new id. `None`: the sign-in has ended, or the password was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn password_change(
        &self,
        session: &WebSession,
        hashed: &str,
        new: &NewPassword,
        peer: WebPeer<'_>,
    ) -> Result<Option<Secret>, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? || !same_password(&mut tx, account, hashed).await? {
            return Ok(None);
        }
        self.password_put(&mut tx, account, new).await?;
        self.browsers_forget(&mut tx, account).await?;
        self.browser_seen(&mut tx, account, peer, Telling::Nobody).await?;
        let token = self.session_renew(&mut tx, session, WebStage::Full, session.factor_at).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Some(token))
    }

    /// The password was typed once more, and right: the sign-in goes on under a new id. `None`: it has ended, or the
    /// password was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn password_confirm(
        &self,
        session: &WebSession,
        hashed: &str,
    ) -> Result<Option<Secret>, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? || !same_password(&mut tx, account, hashed).await? {
            return Ok(None);
        }
        let token = self.session_renew(&mut tx, session, session.stage, session.factor_at).await?;
        sqlx::query!(
            "update web_session set password_at = to_timestamp($2) where id_key = $1",
            &self.lookup().token("session", &token),
            super::seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        let note =
            AuditNote::done(AuditAction::SignIn).account(account).detail("door=portal step=password-again");
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(Some(token))
    }

    /// R2: turns two-step on.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: the sign-in has ended.
    pub async fn two_step_on(&self, session: &WebSession) -> Result<bool, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(false);
        }
        sqlx::query!("update account set two_step = true where id = $1", account.0).execute(&mut *tx).await?;
        self.audit(&mut tx, AuditNote::done(AuditAction::TwoStepOn).account(account)).await?;
        self.second_step_changed(&mut tx, account).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(true)
    }

    /// R2: turns two-step off, with a new password where one is given. `None`: the sign-in has ended, the practice
    /// forbids it by now, or the password is too short to be alone. Answers the sign-in's new id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn two_step_off(
        &self,
        session: &WebSession,
        new: Option<&NewPassword>,
    ) -> Result<Option<Secret>, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(None);
        }
        if let Some(password) = new {
            self.password_put(&mut tx, account, password).await?;
        }
        let done = sqlx::query!(
            "update account a set two_step = false
              where a.id = $1 and a.password_long
                and not exists (select from practice p where p.id = a.practice_id and p.two_step_enforced)",
            account.0
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(None);
        }
        let token = self.session_renew(&mut tx, session, WebStage::Full, session.factor_at).await?;
        self.audit(&mut tx, AuditNote::done(AuditAction::TwoStepOff).account(account)).await?;
        self.second_step_changed(&mut tx, account).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Some(token))
    }

    /// Support closes an account: nobody signs in, nothing is delivered, its addresses stay taken, what it holds stays.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: there is no such account in service or locked.
    pub async fn account_close(&self, id: AccountId) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let epoch = sqlx::query_scalar!(
            "update account
                set state = 'closed', sign_in_epoch = sign_in_epoch + 1, web_epoch = web_epoch + 1, portal_password = null,
                    user_manager = false
              where id = $1 and state in ('active', 'locked') returning sign_in_epoch",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if epoch.is_none() {
            return Ok(false);
        }
        sqlx::query!(
            "update app_password set revoked_at = to_timestamp($2) where account_id = $1 and revoked_at is null",
            id.0,
            super::seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("delete from account_link where account_id = $1", id.0).execute(&mut *tx).await?;
        sqlx::query!("delete from phone_code where account_id = $1", id.0).execute(&mut *tx).await?;
        self.app_forget(&mut tx, id).await?;
        self.audit(&mut tx, AuditNote::done(AuditAction::AccountClose).account(id)).await?;
        tx.commit().await?;
        self.0.opened.forget_account(id);
        self.sessions_end(id, epoch).await
    }

    /// Support ends every sign-in of an account: on the web, and with `and_devices` its app passwords too.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: no such account.
    pub async fn sign_ins_end(&self, id: AccountId, and: EndDevices) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        if !self.web_sessions_void(&mut tx, id).await? {
            return Ok(false);
        }
        self.browsers_forget(&mut tx, id).await?;
        let mut epoch = None;
        if and == EndDevices::Too {
            sqlx::query!(
                "update app_password set revoked_at = to_timestamp($2) where account_id = $1 and revoked_at is null",
                id.0,
                super::seconds_of(self.0.clock.now())
            )
            .execute(&mut *tx)
            .await?;
            epoch = sqlx::query_scalar!(
                "update account set sign_in_epoch = sign_in_epoch + 1 where id = $1 returning sign_in_epoch",
                id.0
            )
            .fetch_optional(&mut *tx)
            .await?;
        }
        let detail = if and == EndDevices::Too { "devices=revoked" } else { "devices=kept" };
        self.audit(&mut tx, AuditNote::done(AuditAction::EndSignIns).account(id).detail(detail)).await?;
        tx.commit().await?;
        self.sessions_end(id, epoch).await?;
        Ok(true)
    }

    /// Support ends every sign-in on the web of every account (ASVS 5.0, 7.4.5); answers of how many accounts. Mail
    /// programs keep their app passwords.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_ins_end_of_all(&self) -> Result<u64, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        // In the order of the rows' numbers, as everybody who takes several.
        let done = sqlx::query!(
            "with all_of_them as (select id from account where state <> 'closed' order by id for no key update)
             update account a set web_epoch = a.web_epoch + 1 from all_of_them o where a.id = o.id"
        )
        .execute(&mut *tx)
        .await?;
        let accounts = done.rows_affected();
        let note =
            AuditNote::done(AuditAction::EndSignIns).detail(format!("everyone={accounts} devices=kept"));
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(accounts)
    }
}

/// Whether mail programs are signed out for good together with browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndDevices {
    /// They keep their app passwords.
    Not,
    /// Their app passwords are revoked (R29).
    Too,
}

async fn same_password(tx: &mut PgConnection, account: AccountId, hashed: &str) -> Result<bool, StoreError> {
    let same = sqlx::query_scalar!(
        r#"select exists (select from account where id = $1 and portal_password = $2) as "same!""#,
        account.0,
        hashed
    )
    .fetch_one(tx)
    .await?;
    Ok(same)
}
