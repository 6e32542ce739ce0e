//! Inviting a person, and who an address leads to for a sender (R15, R27).
//!
//! Invariants: an invited person is an account from the start (state `invited`), with a seal key and mailboxes
//! of its own and without an address, so that mail can wait in its INBOX; an address leads there only for senders
//! of the practice that invited. A practice (or a sender without one) has at most one open invitation to an address.

use std::time::Duration;

use sqlx::PgConnection;

use super::accounts::{Account, AccountError, AccountState, NewAccount, checked_name};
use super::keys::Owner;
use super::{Role, Store, StoreError, TextDomain, seconds_of};
use crate::types::{
    AccountId, Address, AuditAction, AuditNote, InvitationId, Phone, PracticeId, SealKeyId, Tier,
};

/// R27: invitations are counted over so long.
const DAY: Duration = Duration::from_hours(24);

/// A person to be invited.
#[derive(Clone, Debug)]
pub struct NewInvited {
    /// Who invites.
    pub inviter: AccountId,
    /// For the inviter's practice; without one for the inviter alone.
    pub practice: Option<PracticeId>,
    /// The person's ordinary address.
    pub email: Address,
    /// At least one letter.
    pub first_name: String,
    /// At least one letter.
    pub last_name: String,
    /// What the person does.
    pub role: Role,
    /// Where codes go.
    pub phone: Phone,
    /// R27: most invitations of the inviter in 24 hours.
    pub per_day: u32,
}

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// R27
    #[error("too many invitations in 24 hours")]
    TooOften,
    /// The address leads to an account.
    #[error("the address belongs to an account")]
    HasAccount,
    /// The address was an account's once, and is never given to another (R30).
    #[error("the address was an account's")]
    Retired,
    /// The practice has invited that address already.
    #[error("the address has been invited already")]
    Already,
    /// The inviter may not, any more: not paid, or not in service.
    #[error("the inviter may not invite")]
    Inviter,
    /// A name is none.
    #[error("a name is empty or too long")]
    Name,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for InviteError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

impl From<AccountError> for InviteError {
    fn from(e: AccountError) -> Self {
        match e {
            AccountError::Name => Self::Name,
            AccountError::Store(e) => Self::Store(e),
            _ => Self::Store(StoreError::Corrupt("invitation")),
        }
    }
}

/// An invitation that is there already.
struct Known {
    id: i64,
    account_id: i64,
    state: String,
}

/// Who an address leads to.
#[derive(Clone, Debug)]
pub enum Recipient {
    /// An account, in whatever state.
    Account(Box<Account>),
    /// A person who was invited by the sender's practice and has not registered.
    Invited(InvitedRecipient),
}

/// Such a person, as a submission needs it.
#[derive(Clone, Debug)]
pub struct InvitedRecipient {
    /// In whose INBOX the message waits.
    pub account: AccountId,
    /// Where the invitation goes.
    pub email: Address,
    /// As the inviter wrote it.
    pub name: String,
}

impl Store {
    /// R15: invites a person. Sends nothing. An invitation of the same practice to the address that Support
    /// had revoked is open again, with the new data and with what had waited.
    ///
    /// # Errors
    /// [`InviteError`]; then nothing was made.
    pub async fn invite(&self, new: NewInvited) -> Result<InvitationId, InviteError> {
        let first_name = checked_name(&new.first_name)?;
        let last_name = checked_name(&new.last_name)?;
        let now = self.0.clock.now();
        let mut tx = self.0.pool.begin().await?;
        // The inviter's lock makes the count right, however many gateways are asked at once.
        let may = sqlx::query_scalar!(
            r#"select state = 'active' and tier = 'paid' as "may!" from account where id = $1 for no key update"#,
            new.inviter.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if may != Some(true) {
            return Err(InviteError::Inviter);
        }
        let lately = sqlx::query_scalar!(
            r#"select count(*) as "n!" from invitation where inviter_id = $1 and created_at > to_timestamp($2)"#,
            new.inviter.0,
            seconds_of(now) - DAY.as_secs_f64()
        )
        .fetch_one(&mut *tx)
        .await?;
        if lately >= i64::from(new.per_day) {
            return Err(InviteError::TooOften);
        }
        let retired = sqlx::query_scalar!(
            r#"select d.retired_at is not null or a.state = 'closed' as "retired!"
                 from address d join account a on a.id = d.account_id where d.address = $1"#,
            new.email.as_str()
        )
        .fetch_optional(&mut *tx)
        .await?;
        match retired {
            Some(false) => return Err(InviteError::HasAccount),
            Some(true) => return Err(InviteError::Retired),
            None => {}
        }
        let known = self.invitation_known(&mut tx, &new).await?;
        let id = match known {
            Some(row) if row.state == "open" => return Err(InviteError::Already),
            Some(row) => {
                let person = NewInvited { first_name, last_name, ..new.clone() };
                self.reopen(&mut tx, InvitationId(row.id), AccountId(row.account_id), &person).await?;
                InvitationId(row.id)
            }
            None => {
                let account = self.invited_create(&mut tx, &new, first_name, last_name).await?;
                let sealed = self.seal_phone(&mut tx, account, &new.phone).await?;
                let id = sqlx::query_scalar!(
                    "insert into invitation (account_id, practice_id, inviter_id, email, phone, created_at)
                     values ($1, $2, $3, $4, $5, to_timestamp($6))
                         on conflict do nothing returning id",
                    account.0,
                    new.practice.map(|p| p.0),
                    new.inviter.0,
                    new.email.as_str(),
                    sealed,
                    seconds_of(now)
                )
                .fetch_optional(&mut *tx)
                .await?;
                // A colleague was faster.
                InvitationId(id.ok_or(InviteError::Already)?)
            }
        };
        self.audit(&mut tx, AuditNote::done(AuditAction::Invite).object("invitation", id)).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The practice's invitation to the address, open or revoked, with its account and its row locked in that
    /// order, as everybody takes them.
    async fn invitation_known(
        &self,
        tx: &mut PgConnection,
        new: &NewInvited,
    ) -> Result<Option<Known>, StoreError> {
        let account = sqlx::query_scalar!(
            "select a.id from account a
              where a.id = (select account_id from invitation
                             where email = $1 and state in ('open', 'revoked')
                               and (practice_id = $2
                                    or practice_id is null and $2::bigint is null and inviter_id = $3))
                and a.state = 'invited' for no key update",
            new.email.as_str(),
            new.practice.map(|p| p.0),
            new.inviter.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(account) = account else { return Ok(None) };
        let known = sqlx::query_as!(
            Known,
            "select id, account_id, state from invitation
              where account_id = $1 and email = $2 and state in ('open', 'revoked') for update",
            account,
            new.email.as_str()
        )
        .fetch_optional(tx)
        .await?;
        Ok(known)
    }

    async fn invited_create(
        &self,
        tx: &mut PgConnection,
        new: &NewInvited,
        first_name: String,
        last_name: String,
    ) -> Result<AccountId, InviteError> {
        let person = NewAccount {
            practice: None,
            first_name,
            last_name,
            role: new.role,
            tier: Tier::Free,
            user_manager: false,
            email: new.email.clone(),
            portal_password: None,
        };
        let ids = self.create_rows(tx, std::slice::from_ref(&person), AccountState::Invited).await?;
        Ok(AccountId(*ids.first().ok_or(StoreError::Corrupt("account"))?))
    }

    async fn reopen(
        &self,
        tx: &mut PgConnection,
        id: InvitationId,
        account: AccountId,
        person: &NewInvited,
    ) -> Result<(), InviteError> {
        let sealed = self.seal_phone(tx, account, &person.phone).await?;
        sqlx::query!(
            "update invitation
                set state = 'open', inviter_id = $2, phone = $3, created_at = to_timestamp($4), closed_at = null,
                    needs_link = true, token_key = null, stuck = null
              where id = $1",
            id.0,
            person.inviter.0,
            sealed,
            seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update account set first_name = $2, last_name = $3, role = $4 where id = $1 and state = 'invited'",
            account.0,
            person.first_name,
            person.last_name,
            person.role.as_str()
        )
        .execute(tx)
        .await?;
        Ok(())
    }

    /// Seals a phone number of an account, inside the caller's transaction.
    pub(super) async fn seal_phone(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        phone: &Phone,
    ) -> Result<Vec<u8>, StoreError> {
        let key = self.seal_key_in(tx, account).await?;
        Ok(key.seal_text(TextDomain::Phone, account, phone.as_str())?)
    }

    /// R11, R15: who an address leads to for this sender. 1 statement.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recipient(
        &self,
        address: &Address,
        sender: AccountId,
        practice: Option<PracticeId>,
    ) -> Result<Option<Recipient>, StoreError> {
        let row = sqlx::query!(
            r#"select i.account_id as "invited?", a.first_name as "invited_first?", a.last_name as "invited_last?",
                      k.id as "key_id?", k.master_version as "key_version?", k.wrapped as "key?", p.*
                 from (select 1) one
                 left join account_person p
                   on p.account_id = (select account_id from address where address = $1 and retired_at is null)
                 left join (invitation i join account a on a.id = i.account_id
                                         join seal_key k on k.account_id = i.account_id)
                   on p.account_id is null and i.email = $1 and i.state = 'open'
                  and (i.practice_id = $2 or i.practice_id is null and $2::bigint is null and i.inviter_id = $3)
                limit 1"#,
            address.as_str(),
            practice.map(|p| p.0),
            sender.0
        )
        .fetch_one(&self.0.pool)
        .await?;
        if row.account_id.is_some() {
            return Ok(Some(Recipient::Account(Box::new(self.person(super::accounts::person_row!(row))?))));
        }
        let Some(account) = row.invited.map(AccountId) else { return Ok(None) };
        if let (Some(id), Some(version), Some(wrapped)) = (row.key_id, row.key_version, &row.key) {
            self.0.keys.adopt(account, Owner::Account(account), SealKeyId(id), version, wrapped)?;
        }
        let name = [row.invited_first, row.invited_last].map(Option::unwrap_or_default).join(" ");
        Ok(Some(Recipient::Invited(InvitedRecipient {
            account,
            email: address.clone(),
            name: name.trim().to_owned(),
        })))
    }
}
