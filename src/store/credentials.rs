//! App passwords (R29) and signing in with them (R4).
//!
//! Invariants: the secret is never stored, only HMAC(server key, account ‖ secret); a sign-in that succeeds is
//! one statement that writes nothing, unless there are failures of its kind to clear; every sign-in that
//! fails does the same work, whether the address is unknown, the account locked, the secret wrong, wrong
//! again, or revoked: one read, one HMAC, one durable write. While an account is locked no secret is
//! compared.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use aws_lc_rs::{constant_time, rand};
use sqlx::PgConnection;

use super::accounts::{Account, AccountState, PersonRow};
use super::{NewNotice, Store, StoreError, TextDomain, WebSession, time_of};
use crate::types::{
    AccountId, Actor, Address, AppPasswordId, AuditAction, AuditNote, Channel, NoticeContent, Secret,
};

/// Letters of an app password: five bits each, none that is taken for another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Letters: 24 × 5 = 120 random bits (R29 asks for 112).
const LETTERS: usize = 24;
/// Letters shown together.
const GROUP: usize = 4;
/// Most app passwords in use by one account.
pub(super) const MOST: i64 = 100;
/// Longest name of a device, in bytes.
const NAME_MAX: usize = 200;
/// The date of last use is written when it has moved on by this much.
const LAST_USED_STEP: Duration = Duration::from_mins(5);

/// Which sort of secret was given: each clears only its own failures (R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// At IMAP and SMTP.
    App,
    /// At the portal.
    Portal,
}

impl SecretKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Portal => "portal",
        }
    }
}

/// What a sign-in came to.
#[derive(Debug)]
pub enum SignIn {
    /// The secret is one of the account's app passwords.
    Accepted(Box<SignedIn>),
    /// It is not, or may not be used. The reason is for the log and the audit, never for the peer.
    Refused(SignInRefused),
}

/// A person who has signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub account: Account,
    /// With which device's password.
    pub app_password: AppPasswordId,
    /// R22: the signature as the person typed it, if there is one.
    pub signature: Option<String>,
    /// IMAP capabilities that Support switched off, in upper case.
    pub imap_off: Vec<String>,
}

/// Why not, and whose account it was, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInRefused {
    /// The account that the address leads to.
    pub account: Option<AccountId>,
    /// Why.
    pub because: Because,
}

/// What a failed sign-in was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The address leads to nobody.
    Unknown,
    /// The account is locked or closed; no secret was looked at.
    Locked,
    /// The account's own, but revoked: never counts.
    Revoked,
    /// Wrong, and remembered already: counts once.
    Again,
    /// Wrong, and counted.
    Counted,
    /// Wrong, and the one too many: the account is locked now, the owner is to be told.
    LockedNow,
}

/// One device's password, as it is listed.
#[derive(Clone, Debug)]
pub struct AppPassword {
    /// Its number.
    pub id: AppPasswordId,
    /// What its owner called the device.
    pub name: String,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it was last used, to about five minutes.
    pub last_used_at: Option<SystemTime>,
    /// The peer's address at that time.
    pub last_used_from: Option<String>,
    /// What its mail program calls itself.
    pub last_client: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<SystemTime>,
}

/// Why an app password cannot be made. The texts are for its owner.
#[derive(Debug, thiserror::Error)]
pub enum AppPasswordError {
    /// Empty, too long, or with control characters.
    #[error("the name of the device needs 1 to {NAME_MAX} bytes and no control characters")]
    Name,
    /// A list that nobody can keep an eye on.
    #[error("there are {MOST} app passwords already; revoke one that is no longer used")]
    TooMany,
    /// The very same secret, perhaps revoked since.
    #[error("this app password exists already, or did; choose another")]
    Taken,
    /// No such account.
    #[error("there is no such account")]
    NoAccount,
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new random app password in the form that is shown: `k3v9-…`, six groups of four.
///
/// # Errors
/// [`StoreError::Key`] when the system has no random numbers.
pub fn random_app_password() -> Result<Secret, StoreError> {
    let mut random = zeroize::Zeroizing::new([0u8; LETTERS]);
    rand::fill(random.as_mut()).map_err(|_| super::KeyError::Random)?;
    let mut shown = Vec::with_capacity(LETTERS + LETTERS / GROUP);
    for (i, byte) in random.iter().enumerate() {
        if i > 0 && i % GROUP == 0 {
            shown.push(b'-');
        }
        shown.push(ALPHABET[usize::from(byte & 31)]);
    }
    Ok(Secret::new(shown))
}

/// What is hashed for a secret as typed: one that looks like ours is taken with or without hyphens, spaces
/// and capitals, and with o, i and l for the digits they resemble; any other stays as it is.
fn canonical(secret: &Secret) -> Secret {
    let mut plain = zeroize::Zeroizing::new(Vec::with_capacity(LETTERS));
    for byte in secret.expose().iter().map(u8::to_ascii_lowercase) {
        let byte = match byte {
            b'-' | b' ' => continue,
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        };
        if plain.len() == LETTERS || !ALPHABET.contains(&byte) {
            return secret.clone();
        }
        plain.push(byte);
    }
    if plain.len() == LETTERS { Secret::new(plain.as_slice()) } else { secret.clone() }
}

/// Most characters that are kept of a program's name for itself.
const CLIENT_MAX: usize = 80;

impl Store {
    /// Makes an app password for a device. This is the only time the secret can be read.
    ///
    /// # Errors
    /// [`AppPasswordError`].
    pub async fn app_password_create(
        &self,
        account: AccountId,
        name: &str,
    ) -> Result<(AppPasswordId, Secret), AppPasswordError> {
        let secret = random_app_password()?;
        let id = self.app_password_add(account, name, &secret).await?;
        Ok((id, secret))
    }

    /// Adds a secret that was chosen elsewhere: the demo's, a load program's.
    ///
    /// # Errors
    /// [`AppPasswordError`].
    pub async fn app_password_add(
        &self,
        account: AccountId,
        name: &str,
        secret: &Secret,
    ) -> Result<AppPasswordId, AppPasswordError> {
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        let id = self.app_password_put(&mut tx, account, name, secret).await?;
        tx.commit().await.map_err(StoreError::from)?;
        self.wake_notices();
        Ok(id)
    }

    /// R29: makes one from a web sign-in; `None`: it has ended.
    ///
    /// # Errors
    /// [`AppPasswordError`].
    pub async fn web_app_password(
        &self,
        session: &WebSession,
        name: &str,
    ) -> Result<Option<(AppPasswordId, Secret)>, AppPasswordError> {
        let secret = random_app_password()?;
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(None);
        }
        let id = self.app_password_put(&mut tx, session.account.id, name, &secret).await?;
        tx.commit().await.map_err(StoreError::from)?;
        self.wake_notices();
        Ok(Some((id, secret)))
    }

    async fn app_password_put(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        name: &str,
        secret: &Secret,
    ) -> Result<AppPasswordId, AppPasswordError> {
        let name = checked_device(name)?;
        let id = sqlx::query_scalar!(
            "insert into app_password (account_id, name, verifier_key)
             select $1, $2, $3
              where (select count(*) from app_password where account_id = $1 and revoked_at is null) < $4
             returning id",
            account.0,
            name,
            &self.verifier(account, secret),
            MOST
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(app_password_error)?;
        let id = id.map(AppPasswordId).ok_or(AppPasswordError::TooMany)?;
        let note = AuditNote::done(AuditAction::AppPasswordCreate).account(account).app_password(id);
        self.audit(&mut *tx, note).await?;
        // At the portal: the owner hears of it, should it be somebody else who sits there.
        if matches!(self.origin().actor, Actor::Account(_)) {
            let content = NoticeContent::NewAppPassword { device: name.to_owned() };
            self.enqueue_notice(tx, NewNotice::new(account, content, Channel::Email)).await?;
        }
        Ok(id)
    }

    /// Gives many accounts the same secret in one statement, for load programs. An account that has it
    /// already is passed over.
    ///
    /// # Errors
    /// [`AppPasswordError`].
    pub async fn app_passwords_add(
        &self,
        accounts: &[AccountId],
        name: &str,
        secret: &Secret,
    ) -> Result<(), AppPasswordError> {
        let name = checked_device(name)?;
        let mut tx = self.0.pool.begin().await.map_err(StoreError::from)?;
        let made = sqlx::query!(
            "insert into app_password (account_id, name, verifier_key)
             select u.account, $2, u.verifier from unnest($1::bigint[], $3::bytea[]) u(account, verifier)
             on conflict do nothing returning account_id, id",
            &accounts.iter().map(|a| a.0).collect::<Vec<_>>(),
            name,
            &accounts.iter().map(|a| self.verifier(*a, secret).to_vec()).collect::<Vec<_>>()
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(app_password_error)?;
        let notes = made.iter().map(|made| {
            AuditNote::done(AuditAction::AppPasswordCreate)
                .account(AccountId(made.account_id))
                .app_password(AppPasswordId(made.id))
        });
        self.audit_all(&mut tx, notes).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(())
    }

    /// An account's app passwords, the revoked ones too, in the order they were made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn app_passwords(&self, account: AccountId) -> Result<Vec<AppPassword>, StoreError> {
        let rows = sqlx::query!(
            r#"select id, name, last_used_from, last_client,
                      (extract(epoch from created_at) * 1000000)::bigint as "created_at!",
                      (extract(epoch from last_used_at) * 1000000)::bigint as last_used_at,
                      (extract(epoch from revoked_at) * 1000000)::bigint as revoked_at
                 from app_password where account_id = $1 order by id"#,
            account.0
        )
        .fetch_all(&self.0.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| AppPassword {
                id: AppPasswordId(r.id),
                name: r.name,
                created_at: time_of(r.created_at),
                last_used_at: r.last_used_at.map(time_of),
                last_used_from: r.last_used_from,
                last_client: r.last_client,
                revoked_at: r.revoked_at.map(time_of),
            })
            .collect())
    }

    /// Revokes one app password and ends the sessions that use it, on every gateway (R29).
    ///
    /// # Errors
    /// [`StoreError`]. `false`: the account has none of that number in use.
    pub async fn app_password_revoke(
        &self,
        account: AccountId,
        id: AppPasswordId,
    ) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let epoch = sqlx::query_scalar!(
            "with revoked as (
                 update app_password set revoked_at = to_timestamp($3)
                  where account_id = $1 and id = $2 and revoked_at is null returning account_id)
             update account set sign_in_epoch = sign_in_epoch + 1
              where id = (select account_id from revoked) returning sign_in_epoch",
            account.0,
            id.0,
            super::seconds_of(self.0.clock.now())
        )
        .fetch_optional(&mut *tx)
        .await?;
        if epoch.is_some() {
            let note = AuditNote::done(AuditAction::AppPasswordRevoke).account(account).app_password(id);
            self.audit(&mut tx, note).await?;
        }
        tx.commit().await?;
        self.sessions_end(account, epoch).await
    }

    /// Signs a mail program in. `login` is one of the account's addresses; a text that is no address is
    /// given as `None` and costs the same. `from` is remembered as the place of last use.
    ///
    /// # Errors
    /// [`StoreError`]: our fault; nothing was decided.
    pub async fn sign_in(
        &self,
        login: Option<&Address>,
        secret: &Secret,
        from: IpAddr,
    ) -> Result<SignIn, StoreError> {
        let found = self
            .read_again(|| {
                sqlx::query!(
                    r#"select p.*, (select a.signature from account a where a.id = p.account_id) as signature,
                      (select array_agg(capability order by capability) from imap_switched_off o where o.account_id = p.account_id)
                          as imap_off, w.ids, w.verifiers, w.last_used as "last_used: Vec<Option<i64>>",
                      (select count(*) from failed_secret f where f.account_id = p.account_id and f.kind = 'app')
                          as failures
                 from account_person p
                 left join lateral (
                      select array_agg(id) as ids, array_agg(verifier_key) as verifiers,
                             array_agg((extract(epoch from last_used_at) * 1000000)::bigint) as last_used
                        from app_password
                       where account_id = p.account_id and revoked_at is null) w on true
                where p.account_id = (select account_id from address where address = $1 and retired_at is null)"#,
                    login.map_or("", Address::as_str)
                )
                .fetch_optional(&self.0.pool)
            })
            .await?;
        let Some(row) = found else {
            // Nobody's number: the same work is done for it.
            let nobody = AccountId(0);
            return self.refuse(nobody, &self.verifier(nobody, secret), from).await;
        };
        let ids = row.ids.unwrap_or_default();
        let verifiers = row.verifiers.unwrap_or_default();
        let last_used = row.last_used.unwrap_or_default();
        let failures = row.failures.unwrap_or(0);
        let account = self.person(PersonRow {
            account_id: row.account_id,
            practice_id: row.practice_id,
            practice_name: row.practice_name,
            first_name: row.first_name,
            last_name: row.last_name,
            role: row.role,
            tier: row.tier,
            user_manager: row.user_manager,
            state: row.state,
            sign_in_epoch: row.sign_in_epoch,
            storage_cap: row.storage_cap,
            attachment_limit: row.attachment_limit,
            locked_at: row.locked_at,
            created_at: row.created_at,
            has_portal_password: row.has_portal_password,
            secure_address: row.secure_address,
            email: row.email,
            seal_key_id: row.seal_key_id,
            master_version: row.master_version,
            wrapped: row.wrapped,
        })?;
        let given = self.verifier(account.id, secret);
        if account.state != AccountState::Active {
            return self.refuse(account.id, &given, from).await;
        }
        // All are compared, so that the time does not tell which device's it was.
        let mut matching = None;
        for (i, verifier) in verifiers.iter().enumerate() {
            if constant_time::verify_slices_are_equal(verifier, &given).is_ok() {
                matching = Some(i);
            }
        }
        let Some(i) = matching else {
            return self.refuse(account.id, &given, from).await;
        };
        let app_password = AppPasswordId(*ids.get(i).ok_or(StoreError::Corrupt("app_password"))?);
        if failures > 0 {
            self.forget_failures(account.id, SecretKind::App).await?;
        }
        let now = self.0.clock.now();
        let last = last_used.get(i).copied().flatten().map(time_of);
        if last.is_none_or(|t| now.duration_since(t).is_ok_and(|age| age >= LAST_USED_STEP)) {
            self.0.last_used.note(account.id, app_password, now, from);
        }
        let signature = match row.signature {
            Some(sealed) => self.signature_of(account.id, &sealed).await,
            None => None,
        };
        let imap_off = row.imap_off.unwrap_or_default();
        Ok(SignIn::Accepted(Box::new(SignedIn { account, app_password, signature, imap_off })))
    }

    /// R22. One that does not open is left away, and said: nobody is kept from the mail for it.
    async fn signature_of(&self, account: AccountId, sealed: &[u8]) -> Option<String> {
        let opened = match self.seal_key(account).await {
            Ok(key) => key.open_text(TextDomain::Signature, account, sealed).map_err(StoreError::from),
            Err(error) => Err(error),
        };
        opened
            .inspect_err(|error| tracing::error!(account = account.0, %error, "a signature does not open"))
            .ok()
    }

    /// What a device's mail program calls itself, for the list of devices (R29); written later. `client` is
    /// cut to what a list can show.
    pub fn note_client(&self, account: AccountId, password: AppPasswordId, client: &str) {
        let shown: String = client.chars().filter(|c| !c.is_control()).take(CLIENT_MAX).collect();
        let shown = shown.trim();
        if !shown.is_empty() {
            self.0.last_used.note_client(account, password, shown.to_owned());
        }
    }

    /// Counts a wrong secret (R4), and locks the account at the fifth distinct one: the lock, its audit entry
    /// and the notice to the owner are one transaction. The portal calls this after its own comparison; a
    /// right secret must never come here. `from`: the peer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_wrong_secret(
        &self,
        account: AccountId,
        secret: &Secret,
        kind: SecretKind,
        from: IpAddr,
    ) -> Result<Because, StoreError> {
        self.note_wrong_verifier(account, &self.verifier(account, secret), kind, from).await
    }

    async fn note_wrong_verifier(
        &self,
        account: AccountId,
        verifier: &[u8; 32],
        kind: SecretKind,
        from: IpAddr,
    ) -> Result<Because, StoreError> {
        let outcome = sqlx::query_scalar!(
            r#"select note_failed_sign_in($1, $2, $3, $4, $5, $6) as "outcome!""#,
            account.0,
            verifier,
            kind.as_str(),
            super::seconds_of(self.0.clock.now()),
            from.to_canonical().to_string(),
            &*self.0.gateway
        )
        .fetch_one(&self.0.pool)
        .await?;
        Ok(match outcome.as_str() {
            "unknown" => Because::Unknown,
            "locked" => Because::Locked,
            "revoked" => Because::Revoked,
            "again" => Because::Again,
            "counted" => Because::Counted,
            "locked_now" => {
                self.locked_by_failures(account).await?;
                self.wake_notices();
                Because::LockedNow
            }
            _ => return Err(StoreError::Corrupt("note_failed_sign_in")),
        })
    }

    /// After a success: clears the failures of the same kind, unless they have locked the account meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_failures(&self, account: AccountId, kind: SecretKind) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from failed_secret
              where account_id = $1 and kind = $2
                and exists (select from account where id = $1 and state = 'active')",
            account.0,
            kind.as_str()
        )
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    async fn refuse(&self, account: AccountId, given: &[u8; 32], from: IpAddr) -> Result<SignIn, StoreError> {
        let because = self.note_wrong_verifier(account, given, SecretKind::App, from).await?;
        let account = (because != Because::Unknown).then_some(account);
        Ok(SignIn::Refused(SignInRefused { account, because }))
    }

    async fn locked_by_failures(&self, account: AccountId) -> Result<(), StoreError> {
        let epoch = sqlx::query_scalar!("select sign_in_epoch from account where id = $1", account.0)
            .fetch_optional(&self.0.pool)
            .await?;
        self.sessions_end(account, epoch).await?;
        Ok(())
    }

    fn verifier(&self, account: AccountId, secret: &Secret) -> [u8; 32] {
        self.lookup().secret(account, &canonical(secret))
    }
}

pub(super) fn checked_device(name: &str) -> Result<&str, AppPasswordError> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(AppPasswordError::Name);
    }
    Ok(name)
}

fn app_password_error(e: sqlx::Error) -> AppPasswordError {
    let e = StoreError::from(e);
    match e.constraint() {
        Some("app_password_verifier") => AppPasswordError::Taken,
        Some("app_password_account_id_fkey") => AppPasswordError::NoAccount,
        _ => e.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(secret: &Secret) -> &str {
        std::str::from_utf8(secret.expose()).unwrap()
    }

    /// R29
    #[test]
    fn random_ones_are_long_and_legible() {
        let one = random_app_password().unwrap();
        assert_eq!(text(&one).split('-').map(str::len).collect::<Vec<_>>(), [4; 6]);
        assert_ne!(one.expose(), random_app_password().unwrap().expose());
        assert_eq!(canonical(&one).expose().len() * 5, 120);
    }

    #[test]
    fn one_secret_however_it_is_typed() {
        let shown = Secret::new("k3v9-0abc-1234-5678-9wxy-zz00");
        for typed in
            ["k3v90abc123456789wxyzz00", "K3V9 OABC I234 5678 9WXY ZZO0", "k3v9-0abc-l234-5678-9wxy-zz00"]
        {
            assert_eq!(canonical(&Secret::new(typed)).expose(), canonical(&shown).expose(), "{typed}");
        }
        for other in ["", "k3v9", "Geheim-Geheim", "k3v9-0abc-1234-5678-9wxy-zz0é", "correct horse"] {
            assert_eq!(text(&canonical(&Secret::new(other))), other);
        }
    }
}
