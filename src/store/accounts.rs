//! The people: making them, finding them, their tier, privilege and lock.
//!
//! Invariants: an account is made with its two addresses, its six subscribed mailboxes and, when it belongs
//! to no practice, its seal key, all in one transaction; whatever ends sessions raises `sign_in_epoch`
//! and is told to every gateway.

use std::time::SystemTime;

use serde::Serialize;
use sqlx::PgConnection;

use super::keys::{NewSealKey, Owner};
use super::seal::TextDomain;
use super::{NewNotice, Store, StoreError, addresses};
use crate::types::{
    AccountId, Address, AuditAction, AuditNote, Channel, MailboxName, NoticeContent, NoticeKind, PracticeId,
    SealKeyId, SpecialUse, Tier,
};

/// Most accounts that one transaction makes.
const BATCH: usize = 500;
/// Longest first or last name, in bytes.
const NAME_MAX: usize = 200;

/// What a person does in a practice (R15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A dentist or physician.
    Doctor,
    /// Everybody else.
    Staff,
}

impl Role {
    /// The word the database and the CLI use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Doctor => "doctor",
            Self::Staff => "staff",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "doctor" => Ok(Self::Doctor),
            "staff" => Ok(Self::Staff),
            other => Err(format!("\"{other}\" is not a role: doctor or staff")),
        }
    }
}

/// Whether an account may sign in. Mail is delivered to an active and to a locked one (R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    /// May sign in.
    Active,
    /// May not, until Support unlocks it.
    Locked,
    /// Gone; its addresses stay taken.
    Closed,
    /// R15: not registered yet; no address leads to it, what is sent to the invitation waits in its INBOX.
    Invited,
}

impl AccountState {
    /// The word the database and the CLI use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Closed => "closed",
            Self::Invited => "invited",
        }
    }

    /// Whether mail is delivered to it.
    pub fn receives(self) -> bool {
        self != Self::Closed
    }
}

/// One person.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its identity.
    pub id: AccountId,
    /// The practice it belongs to; a free account that was invited has none.
    pub practice: Option<PracticeId>,
    /// That practice's name.
    pub practice_name: Option<String>,
    /// As the person writes it.
    pub first_name: String,
    /// As the person writes it; empty only for accounts made in bulk.
    pub last_name: String,
    /// What the person does.
    pub role: Role,
    /// R7
    pub tier: Tier,
    /// R8
    pub user_manager: bool,
    /// Whether it may sign in.
    pub state: AccountState,
    /// When it was locked, if it is.
    pub locked_at: Option<SystemTime>,
    /// When it was made.
    pub created_at: SystemTime,
    /// Whether a portal password is set.
    pub has_portal_password: bool,
    /// In the portal's own domain (R30): mail always comes from here.
    pub secure_address: Address,
    /// The person's ordinary address.
    pub email: Address,
    /// Most bytes of decoded attachments its practice may send, where Support set one (R18).
    pub attachment_limit: Option<u64>,
    /// Most bytes of stored mail, where Support set a cap (R20).
    pub storage_cap: Option<u64>,
    /// Grows whenever sessions of the account may have to end.
    pub epoch: u64,
}

impl Account {
    /// First and last name.
    pub fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// A person to be made an account for.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The practice, if any.
    pub practice: Option<PracticeId>,
    /// At least one letter.
    pub first_name: String,
    /// May be empty (`load1`): the secure address is then made from the first name alone.
    pub last_name: String,
    /// What the person does.
    pub role: Role,
    /// R7
    pub tier: Tier,
    /// R8
    pub user_manager: bool,
    /// The person's ordinary address; must not lie in the portal's own domain.
    pub email: Address,
    /// Argon2id in PHC form, from `service::portal_password`.
    pub portal_password: Option<String>,
}

/// Why an account or a practice cannot be made or changed so. The texts are for Support.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// An address is never given to a second account (R30).
    #[error("the address {0} already belongs to an account")]
    AddressTaken(Address),
    /// Addresses in the portal's own domain are allotted, never brought along.
    #[error("the email address {0} lies in the portal's own domain; give the person's ordinary address")]
    AddressOwnDomain(Address),
    /// A secure address is made of the domain and of letters that every program can write.
    #[error(
        "{0} cannot be a secure address: those lie in {1} and have letters a to z, digits, points and hyphens"
    )]
    AddressNotOurs(Address, String),
    /// No such practice.
    #[error("there is no practice with the number {0}")]
    NoPractice(PracticeId),
    /// Practice names are told apart by their spelling.
    #[error("there is already a practice named \"{0}\"")]
    PracticeTaken(String),
    /// Empty, too long, or with control characters.
    #[error("a name needs 1 to {NAME_MAX} bytes and no control characters")]
    Name,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AccountError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

impl From<super::SealError> for AccountError {
    fn from(e: super::SealError) -> Self {
        Self::Store(e.into())
    }
}

/// A name of a person or practice without white space around it.
pub(super) fn checked_name(name: &str) -> Result<String, AccountError> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(AccountError::Name);
    }
    Ok(name.to_owned())
}

/// A row of the view `account_person`; of a view's columns PostgreSQL cannot say that they are never null.
pub(super) struct PersonRow {
    pub(super) account_id: Option<i64>,
    pub(super) practice_id: Option<i64>,
    pub(super) practice_name: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) role: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) user_manager: Option<bool>,
    pub(super) state: Option<String>,
    pub(super) sign_in_epoch: Option<i64>,
    pub(super) storage_cap: Option<i64>,
    pub(super) attachment_limit: Option<i64>,
    pub(super) locked_at: Option<i64>,
    pub(super) created_at: Option<i64>,
    pub(super) has_portal_password: Option<bool>,
    pub(super) secure_address: Option<String>,
    pub(super) email: Option<String>,
    pub(super) seal_key_id: Option<i64>,
    pub(super) master_version: Option<i32>,
    pub(super) wrapped: Option<Vec<u8>>,
}

/// A [`PersonRow`] from a row that has the view's columns among others.
macro_rules! person_row {
    ($row:ident) => {
        $crate::store::accounts::PersonRow {
            account_id: $row.account_id,
            practice_id: $row.practice_id,
            practice_name: $row.practice_name,
            first_name: $row.first_name,
            last_name: $row.last_name,
            role: $row.role,
            tier: $row.tier,
            user_manager: $row.user_manager,
            state: $row.state,
            sign_in_epoch: $row.sign_in_epoch,
            storage_cap: $row.storage_cap,
            attachment_limit: $row.attachment_limit,
            locked_at: $row.locked_at,
            created_at: $row.created_at,
            has_portal_password: $row.has_portal_password,
            secure_address: $row.secure_address,
            email: $row.email,
            seal_key_id: $row.seal_key_id,
            master_version: $row.master_version,
            wrapped: $row.wrapped,
        }
    };
}
pub(super) use person_row;

impl TryFrom<PersonRow> for Account {
    type Error = StoreError;

    fn try_from(row: PersonRow) -> Result<Self, StoreError> {
        const WHERE: StoreError = StoreError::Corrupt("account");
        let address = |text: Option<String>| {
            text.and_then(|t| Address::parse(&t).ok()).ok_or(StoreError::Corrupt("address"))
        };
        Ok(Self {
            id: AccountId(row.account_id.ok_or(WHERE)?),
            practice: row.practice_id.map(PracticeId),
            practice_name: row.practice_name,
            first_name: row.first_name.ok_or(WHERE)?,
            last_name: row.last_name.ok_or(WHERE)?,
            role: row.role.and_then(|r| r.parse().ok()).ok_or(WHERE)?,
            tier: row.tier.and_then(|t| t.parse().ok()).ok_or(WHERE)?,
            user_manager: row.user_manager.ok_or(WHERE)?,
            state: match row.state.as_deref() {
                Some("active") => AccountState::Active,
                Some("locked") => AccountState::Locked,
                Some("closed") => AccountState::Closed,
                Some("invited") => AccountState::Invited,
                _ => return Err(WHERE),
            },
            locked_at: row.locked_at.map(super::time_of),
            created_at: super::time_of(row.created_at.ok_or(WHERE)?),
            has_portal_password: row.has_portal_password.ok_or(WHERE)?,
            secure_address: address(row.secure_address)?,
            email: address(row.email)?,
            attachment_limit: row.attachment_limit.and_then(|n| n.try_into().ok()),
            storage_cap: row.storage_cap.and_then(|n| n.try_into().ok()),
            epoch: row.sign_in_epoch.and_then(|n| n.try_into().ok()).ok_or(WHERE)?,
        })
    }
}

impl Store {
    /// Makes one account; see [`Store::accounts_create`].
    ///
    /// # Errors
    /// [`AccountError`] names what stands in the way; then nothing was made.
    pub async fn account_create(&self, new: NewAccount) -> Result<Account, AccountError> {
        let made = self.accounts_create(std::slice::from_ref(&new)).await?;
        let id = made.first().ok_or(StoreError::Corrupt("account"))?.0;
        Ok(self.account(id).await?.ok_or(StoreError::Corrupt("account_person"))?)
    }

    /// Makes accounts, each with the secure address that its name gets (R30) and its mailboxes: INBOX,
    /// Sent, Drafts, Trash, Junk, Archive. Answers in the order asked. A few hundred share a transaction:
    /// on an error those before may have been made.
    ///
    /// # Errors
    /// [`AccountError`] names the first thing that stood in the way.
    pub async fn accounts_create(
        &self,
        new: &[NewAccount],
    ) -> Result<Vec<(AccountId, Address)>, AccountError> {
        let mut made = Vec::with_capacity(new.len());
        for batch in new.chunks(BATCH) {
            let batch = batch
                .iter()
                .map(|n| {
                    let first_name = checked_name(&n.first_name)?;
                    let last_name = match n.last_name.trim() {
                        "" => String::new(),
                        name => checked_name(name)?,
                    };
                    if n.email.domain() == self.0.domain {
                        return Err(AccountError::AddressOwnDomain(n.email.clone()));
                    }
                    Ok(NewAccount { first_name, last_name, ..n.clone() })
                })
                .collect::<Result<Vec<_>, _>>()?;
            let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
            made.extend(self.create_batch(&mut tx, &batch).await?);
            tx.commit().await.map_err(StoreError::from)?;
        }
        Ok(made)
    }

    async fn create_batch(
        &self,
        tx: &mut PgConnection,
        new: &[NewAccount],
    ) -> Result<Vec<(AccountId, Address)>, AccountError> {
        let ids = self.create_rows(tx, new, AccountState::Active).await?;
        let emails: Vec<String> = new.iter().map(|n| n.email.as_str().to_owned()).collect();
        let taken = addresses::insert(tx, &ids, &emails, "email").await?;
        if let Some(n) = new.iter().zip(taken).find_map(|(n, taken)| taken.then_some(n)) {
            return Err(AccountError::AddressTaken(n.email.clone()));
        }
        let locals: Vec<String> =
            new.iter().map(|n| addresses::local_part(&n.first_name, &n.last_name)).collect();
        let secure = addresses::allot(tx, &ids, &locals, &self.0.domain).await?;
        let notes = new.iter().zip(&ids).map(|(n, id)| {
            let practice = n.practice.map_or_else(|| "none".to_owned(), |p| p.to_string());
            AuditNote::done(AuditAction::AccountCreate).account(AccountId(*id)).detail(format!(
                "practice={practice} role={} tier={} user-manager={}",
                n.role.as_str(),
                n.tier.as_str(),
                n.user_manager
            ))
        });
        self.audit_all(tx, notes).await?;
        Ok(ids.into_iter().map(AccountId).zip(secure).collect())
    }

    /// Accounts with their keys and mailboxes, still without addresses.
    pub(super) async fn create_rows(
        &self,
        tx: &mut PgConnection,
        new: &[NewAccount],
        state: AccountState,
    ) -> Result<Vec<i64>, AccountError> {
        let ids = sqlx::query_scalar!(
            r#"select nextval(pg_get_serial_sequence('account', 'id')) as "id!" from generate_series(1, $1)"#,
            new.len() as i32
        )
        .fetch_all(&mut *tx)
        .await?;
        let practices = self.practice_keys(tx, new).await?;
        // A uvalidity must never come back under the same name, not even in a database that was begun anew.
        let uidvalidity =
            self.0.clock.now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |d| d.as_secs());
        let uidvalidity = i64::from(u32::try_from(uidvalidity).unwrap_or(1).max(1));
        let mailboxes = 1 + SpecialUse::INITIAL.len() as i64;

        let text = |f: fn(&NewAccount) -> &str| new.iter().map(|n| f(n).to_owned()).collect::<Vec<_>>();
        sqlx::query!(
            "insert into account (id, practice_id, first_name, last_name, role, tier, user_manager,
                                  portal_password, uidvalidity_last, state)
             overriding system value
             select u.*, $9::bigint, $10
               from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[],
                           $8::text[]) u",
            &ids,
            &new.iter().map(|n| n.practice.map(|p| p.0)).collect::<Vec<_>>() as &[Option<i64>],
            &text(|n| &n.first_name),
            &text(|n| &n.last_name),
            &text(|n| n.role.as_str()),
            &text(|n| n.tier.as_str()),
            &new.iter().map(|n| n.user_manager).collect::<Vec<_>>(),
            &new.iter().map(|n| n.portal_password.clone()).collect::<Vec<_>>() as &[Option<String>],
            uidvalidity + mailboxes - 1,
            state.as_str()
        )
        .execute(&mut *tx)
        .await?;

        let keys = self.unattached_keys(tx, new, &ids).await?;
        let mut rows = MailboxRows::default();
        for (i, (n, id)) in new.iter().zip(&ids).enumerate() {
            let key = match n.practice {
                Some(p) => practices.get(&p).ok_or(AccountError::NoPractice(p))?,
                None => keys.get(&i).ok_or(StoreError::Corrupt("seal_key"))?,
            };
            rows.add_initial(self, AccountId(*id), key, uidvalidity)?;
        }
        rows.insert(tx).await?;
        Ok(ids)
    }

    async fn practice_keys(
        &self,
        tx: &mut PgConnection,
        new: &[NewAccount],
    ) -> Result<std::collections::HashMap<PracticeId, std::sync::Arc<super::SealKey>>, AccountError> {
        let wanted: std::collections::BTreeSet<i64> =
            new.iter().filter_map(|n| n.practice).map(|p| p.0).collect();
        let wanted: Vec<i64> = wanted.into_iter().collect();
        let rows = sqlx::query!(
            r#"select id, practice_id as "practice_id!", master_version, wrapped
                 from seal_key where practice_id = any($1)"#,
            &wanted
        )
        .fetch_all(tx)
        .await?;
        let mut found = std::collections::HashMap::new();
        for row in rows {
            let practice = PracticeId(row.practice_id);
            let key = self.0.keys.open(
                Owner::Practice(practice),
                SealKeyId(row.id),
                row.master_version,
                &row.wrapped,
            )?;
            found.insert(practice, key);
        }
        match wanted.into_iter().map(PracticeId).find(|p| !found.contains_key(p)) {
            Some(missing) => Err(AccountError::NoPractice(missing)),
            None => Ok(found),
        }
    }

    /// A seal key for each account without a practice, by its place in `new`.
    async fn unattached_keys(
        &self,
        tx: &mut PgConnection,
        new: &[NewAccount],
        ids: &[i64],
    ) -> Result<std::collections::HashMap<usize, std::sync::Arc<super::SealKey>>, AccountError> {
        let places: Vec<usize> = (0..new.len()).filter(|i| new[*i].practice.is_none()).collect();
        if places.is_empty() {
            return Ok(std::collections::HashMap::new());
        }
        let owners: Vec<i64> = places.iter().map(|i| ids[*i]).collect();
        let keys: Vec<NewSealKey> = owners
            .iter()
            .map(|id| self.0.keys.new_seal_key(Owner::Account(AccountId(*id))))
            .collect::<Result<_, _>>()?;
        let rows = sqlx::query!(
            r#"insert into seal_key (account_id, master_version, wrapped)
               select * from unnest($1::bigint[], $2::int[], $3::bytea[])
               returning id, account_id as "account_id!""#,
            &owners,
            &keys.iter().map(|k| k.master_version).collect::<Vec<_>>(),
            &keys.iter().map(|k| k.wrapped.clone()).collect::<Vec<_>>()
        )
        .fetch_all(tx)
        .await?;
        let row_of: std::collections::HashMap<i64, i64> =
            rows.into_iter().map(|r| (r.account_id, r.id)).collect();
        let mut out = std::collections::HashMap::new();
        for ((place, owner), key) in places.into_iter().zip(owners).zip(keys) {
            let id = row_of.get(&owner).ok_or(StoreError::Corrupt("seal_key"))?;
            out.insert(place, std::sync::Arc::new(key.with_id(SealKeyId(*id))?));
        }
        Ok(out)
    }

    /// One account by its identity, one statement.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        sqlx::query_as!(PersonRow, "select * from account_person where account_id = $1", id.0)
            .fetch_optional(&self.0.pool)
            .await?
            .map(|row| self.person(row))
            .transpose()
    }

    /// All accounts, or those of one practice, in the order they were made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(&self, practice: Option<PracticeId>) -> Result<Vec<Account>, StoreError> {
        sqlx::query_as!(
            PersonRow,
            "select * from account_person where $1::bigint is null or practice_id = $1 order by account_id",
            practice.map(|p| p.0)
        )
        .fetch_all(&self.0.pool)
        .await?
        .into_iter()
        .map(Account::try_from)
        .collect()
    }

    /// R7. Sessions that are open learn it at their next sign-in.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: no such account.
    pub async fn set_tier(&self, id: AccountId, tier: Tier) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query!("update account set tier = $2 where id = $1", id.0, tier.as_str())
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let note = AuditNote::done(AuditAction::TierChange).account(id);
        self.audit(&mut tx, note.detail(format!("tier={}", tier.as_str()))).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// R8: gives or takes the User Manager privilege.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: no such account.
    pub async fn set_user_manager(&self, id: AccountId, granted: bool) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query!("update account set user_manager = $2 where id = $1", id.0, granted)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let action = if granted { AuditAction::Grant } else { AuditAction::TakeBack };
        self.audit(&mut tx, AuditNote::done(action).account(id).detail("privilege=user-manager")).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// R4: locks an active account, ends its sessions on every gateway and tells its owner; delivery to it
    /// goes on.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: there was no active account of that number.
    pub async fn lock(&self, id: AccountId) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let epoch = sqlx::query_scalar!(
            "update account set state = 'locked', locked_at = to_timestamp($2), sign_in_epoch = sign_in_epoch + 1
              where id = $1 and state = 'active' returning sign_in_epoch",
            id.0,
            super::seconds_of(self.0.clock.now())
        )
        .fetch_optional(&mut *tx)
        .await?;
        if epoch.is_some() {
            self.audit(&mut tx, AuditNote::done(AuditAction::Lock).account(id)).await?;
            let notice = NewNotice::new(id, NoticeContent::AccountLocked, Channel::Email);
            self.enqueue_notice(&mut tx, notice).await?;
        }
        tx.commit().await?;
        self.wake_notices();
        self.sessions_end(id, epoch).await
    }

    /// R4: only Support does this. The wrong secrets are forgotten.
    ///
    /// # Errors
    /// [`StoreError`]. `false`: there was no locked account of that number.
    pub async fn unlock(&self, id: AccountId) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done = sqlx::query_scalar!(
            r#"with unlocked as (
                   update account set state = 'active', locked_at = null
                    where id = $1 and state = 'locked' returning id),
               forgotten as (delete from failed_secret where account_id in (select id from unlocked))
               select count(*) as "n!" from unlocked"#,
            id.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if done == 1 {
            self.audit(&mut tx, AuditNote::done(AuditAction::Unlock).account(id)).await?;
            // It would no longer be true.
            self.cancel_notices(&mut tx, id, &[NoticeKind::AccountLocked]).await?;
            // Those of before the lock led nowhere, and do not come back.
            self.device_links_void(&mut tx, id).await?;
        }
        tx.commit().await?;
        Ok(done == 1)
    }

    /// Unpacks a row, and keeps its seal key at hand.
    pub(super) fn person(&self, row: PersonRow) -> Result<Account, StoreError> {
        if let (Some(account), Some(id), Some(version), Some(wrapped)) =
            (row.account_id, row.seal_key_id, row.master_version, &row.wrapped)
        {
            let account = AccountId(account);
            let owner = Owner::of(account, row.practice_id.map(PracticeId));
            self.0.keys.adopt(account, owner, SealKeyId(id), version, wrapped)?;
        }
        row.try_into()
    }

    /// After a commit that raised the epoch: here at once, elsewhere by NOTIFY.
    pub(super) async fn sessions_end(&self, id: AccountId, epoch: Option<i64>) -> Result<bool, StoreError> {
        let Some(epoch) = epoch else { return Ok(false) };
        self.0.events.publish(id, epoch as u64);
        // A statement of its own: inside a transaction NOTIFY would queue every commit of the server behind it.
        let told = sqlx::query!("select pg_notify($1, 'a:' || $2::bigint)", super::CHANNEL, id.0)
            .execute(&self.0.pool)
            .await;
        if let Err(e) = told {
            // It is done all the same; the other gateways find out by their poll.
            tracing::warn!(error = %StoreError::from(e), "the end of sessions was not announced");
        }
        Ok(true)
    }
}

/// The first mailboxes of new accounts, column by column.
#[derive(Default)]
struct MailboxRows {
    account: Vec<i64>,
    name_key: Vec<Vec<u8>>,
    name: Vec<Vec<u8>>,
    subscription: Vec<Vec<u8>>,
    special_use: Vec<Option<String>>,
    uidvalidity: Vec<i64>,
}

impl MailboxRows {
    fn add_initial(
        &mut self,
        store: &Store,
        account: AccountId,
        key: &super::SealKey,
        uidvalidity: i64,
    ) -> Result<(), AccountError> {
        let uses = SpecialUse::INITIAL.into_iter().map(|(u, n)| (Some(u), n));
        for (i, (special_use, name)) in std::iter::once((None, "INBOX")).chain(uses).enumerate() {
            let name = MailboxName::new(name).map_err(|_| AccountError::Name)?;
            self.account.push(account.0);
            self.name_key.push(store.lookup().mailbox_name(account, &name).to_vec());
            self.name.push(key.seal_text(TextDomain::MailboxName, account, name.as_str())?);
            self.subscription.push(key.seal_text(TextDomain::Subscription, account, name.as_str())?);
            self.special_use
                .push(special_use.map(|u| u.as_str().trim_start_matches('\\').to_ascii_lowercase()));
            self.uidvalidity.push(uidvalidity + i as i64);
        }
        Ok(())
    }

    async fn insert(&self, tx: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "with made as (
                 insert into mailbox (account_id, name_key, name, special_use, uidvalidity)
                 select * from unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::text[], $5::bigint[])
                 returning account_id, id)
             insert into mailbox_recent (account_id, mailbox_id) select account_id, id from made",
            &self.account,
            &self.name_key,
            &self.name,
            &self.special_use as &[Option<String>],
            &self.uidvalidity
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "insert into subscription (account_id, name_key, name)
             select * from unnest($1::bigint[], $2::bytea[], $3::bytea[])",
            &self.account,
            &self.name_key,
            &self.subscription
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}
