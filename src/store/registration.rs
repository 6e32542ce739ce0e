//! Registration (R2, R16): password chosen by link, phone proved by code, account active.
//!
//! Invariants: nothing of the account changes before the code is right; then everything does, in one transaction:
//! name, password, both addresses, phone, state, invitation. Five wrong codes void the link, so that a link opens
//! at most five guesses.

use sqlx::PgConnection;

use super::codes::CodeAnswer;
use super::invitations::Stuck;
use super::links::NewPassword;
use super::{Store, StoreError, WebPeer, WebStage, addresses, seconds_of};
use crate::types::{AccountId, AuditAction, AuditNote, Secret};

/// What the person chose on the page of the link.
#[derive(Clone, Debug)]
pub struct ChosenByLink {
    /// First name, checked.
    pub first_name: String,
    /// Last name, checked.
    pub last_name: String,
    /// Hashed.
    pub password: NewPassword,
}

impl Store {
    /// Keeps what was chosen until the phone is proved, and begins the sign-in that proves it; earlier ones of this
    /// invitation end. `None`: the link is no longer good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn registration_begin(
        &self,
        token: &Secret,
        chosen: &ChosenByLink,
        peer: WebPeer<'_>,
    ) -> Result<Option<Secret>, StoreError> {
        let key = self.lookup().token("invitation", token);
        let mut tx = self.0.pool.begin().await?;
        let account = sqlx::query_scalar!(
            "select a.id from account a
              where a.id = (select account_id from invitation where token_key = $1) and a.state = 'invited'
                for no key update",
            &key
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(account) = account.map(AccountId) else { return Ok(None) };
        let good = sqlx::query!(
            "update invitation
                set pending_password = $3, pending_long = $4, pending_first_name = $5, pending_last_name = $6,
                    opened_at = coalesce(opened_at, to_timestamp($7)), stuck = null
              where account_id = $1 and token_key = $2 and state = 'open' and link_expires_at > to_timestamp($7)",
            account.0,
            &key,
            chosen.password.hashed,
            chosen.password.long,
            chosen.first_name,
            chosen.last_name,
            seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        if good.rows_affected() != 1 {
            return Ok(None);
        }
        sqlx::query!("delete from web_session where account_id = $1", account.0).execute(&mut *tx).await?;
        let session = self.session_begin(&mut tx, account, WebStage::Registering, None, peer).await?;
        tx.commit().await?;
        Ok(Some(session))
    }

    /// A code was not right: noted for the User Manager (R8), and the link is void after the fifth.
    pub(super) async fn registration_code_wrong(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        answered: &CodeAnswer,
    ) -> Result<(), StoreError> {
        let stuck = match answered {
            CodeAnswer::Wrong(_) => Stuck::CodeWrong,
            CodeAnswer::WrongAndVoid(_) | CodeAnswer::Void => {
                self.invitation_void_link(tx, account).await?;
                Stuck::CodeWrong
            }
            CodeAnswer::Expired => Stuck::CodeExpired,
            CodeAnswer::None | CodeAnswer::Right(_) => return Ok(()),
        };
        self.invitation_stuck(tx, account, stuck).await?;
        let note = AuditNote::refused(AuditAction::Register).account(account).detail("because=code");
        self.audit(tx, note).await
    }

    /// R16: the phone is proved: the account becomes active. The caller holds its row and its invitation's. `false`: the address has an
    /// account by now; nothing of this may be committed.
    pub(super) async fn activate(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        let now = seconds_of(self.0.clock.now());
        let invitation = sqlx::query!(
            r#"select id, email, phone, pending_password as "password!", pending_long as "long!",
                      pending_first_name as "first_name!", pending_last_name as "last_name!"
                 from invitation
                where account_id = $1 and state = 'open' and token_key is not null and pending_password is not null
                  for update"#,
            account.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(invitation) = invitation else { return Ok(false) };
        let taken =
            addresses::insert(tx, &[account.0], std::slice::from_ref(&invitation.email), "email").await?;
        if taken.contains(&true) {
            return Ok(false);
        }
        let local = addresses::local_part(&invitation.first_name, &invitation.last_name);
        addresses::allot(tx, &[account.0], &[local], &self.0.domain).await.map_err(|e| match e {
            super::AccountError::Store(e) => e,
            _ => StoreError::Corrupt("address"),
        })?;
        // The number is sealed for this account and purpose already.
        sqlx::query!(
            "update account
                set state = 'active', first_name = $2, last_name = $3, portal_password = $4, password_long = $5,
                    phone = $6, two_step = true, web_epoch = web_epoch + 1
              where id = $1",
            account.0,
            invitation.first_name,
            invitation.last_name,
            invitation.password,
            invitation.long,
            invitation.phone
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update invitation
                set state = 'registered', token_key = null, needs_link = false, stuck = null, pending_password = null,
                    pending_long = null, pending_first_name = null, pending_last_name = null, closed_at = to_timestamp($2)
              where id = $1",
            invitation.id,
            now
        )
        .execute(&mut *tx)
        .await?;
        let email = crate::types::Address::parse(&invitation.email)
            .map_err(|_| StoreError::Corrupt("invitation.email"))?;
        self.join_mark(tx, account, &email).await?;
        self.audit(tx, AuditNote::done(AuditAction::Register).account(account)).await?;
        Ok(true)
    }
}
