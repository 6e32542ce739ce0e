//! Web sign-ins (R5): who sits behind a cookie, how far they have come, and since when.
//!
//! Invariants: the cookie's random bits are stored as a keyed hash; a sign-in gets a new id whenever it gains
//! something; one that is idle, too old, or older than the account's last lock, password change or "sign out
//! everywhere" (`account.web_epoch`) is as good as gone, on every gateway, from the commit on.

use std::time::{Duration, SystemTime};

use sqlx::PgConnection;

use super::accounts::{Account, AccountState, Role};
use super::known_browsers::{Browser, Telling};
use super::tokens::random_token;
use super::{Store, StoreError, TextDomain, seconds_of, time_of};
use crate::types::{AccountId, Address, AuditAction, AuditNote, Phone, Secret, Tier};

/// Activity is written when it has moved on by this much.
const ACTIVE_STEP: Duration = Duration::from_mins(1);
/// Longest `User-Agent` that is kept, in characters.
const AGENT_MAX: usize = 200;

/// How far a web sign-in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebStage {
    /// By an invitation's link, password chosen; the phone code is missing (R2, R16).
    Registering,
    /// By a reset link, new password chosen; the second step is missing (R2).
    Resetting,
    /// Password right; the second step is missing (R3).
    SecondStep,
    /// Signed in.
    Full,
}

impl WebStage {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Registering => "registering",
            Self::Resetting => "resetting",
            Self::SecondStep => "second_step",
            Self::Full => "full",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Registering, Self::Resetting, Self::SecondStep, Self::Full]
            .into_iter()
            .find(|s| s.as_str() == word)
    }
}

/// A web sign-in that is good.
#[derive(Clone, Debug)]
pub struct WebSession {
    /// The keyed hash of its id.
    pub key: [u8; 32],
    /// Whose; while registering with the invited address in the place of both.
    pub account: Account,
    /// How far it has come.
    pub stage: WebStage,
    /// R2: see [`super::StoredProfile::asks_factor`].
    pub two_step: bool,
    /// The number that codes go to: while registering the invitation's.
    pub phone: Option<Phone>,
    /// R3: an authenticator app is enrolled.
    pub app: bool,
    /// R24
    pub time_zone: String,
    /// When a factor was last proved.
    pub factor_at: Option<SystemTime>,
    /// When the password was last typed, or chosen, in it.
    pub password_at: Option<SystemTime>,
    /// Support has made the password: nothing else may be done before another one is chosen.
    pub password_initial: bool,
    /// When it began.
    pub created_at: SystemTime,
    /// Last activity, to about a minute.
    pub active_at: SystemTime,
    /// Where it began.
    pub from_address: String,
}

/// One web sign-in in the list of them.
#[derive(Clone, Debug)]
pub struct WebSignIn {
    /// As [`WebSession::key`].
    pub key: [u8; 32],
    /// Where it began.
    pub from_address: String,
    /// `User-Agent`, cut.
    pub user_agent: String,
    /// When it began.
    pub created_at: SystemTime,
    /// Last activity, to about a minute.
    pub active_at: SystemTime,
}

/// Where a web sign-in comes from.
#[derive(Clone, Copy, Debug)]
pub struct WebPeer<'a> {
    /// An IP address.
    pub address: std::net::IpAddr,
    /// As sent.
    pub user_agent: &'a str,
    /// Which browser it is; `None`: who asks does not tell them apart, and nobody hears of a new one.
    pub browser: Option<Browser<'a>>,
}

/// How long a web sign-in lives (R5).
#[derive(Clone, Copy, Debug)]
pub struct WebLife {
    /// Without activity.
    pub idle: Duration,
    /// At all.
    pub absolute: Duration,
}

impl Store {
    /// The web sign-in of a cookie, if it is good. 1 statement. Not written: see [`Store::web_session_active`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn web_session(&self, token: &Secret, life: WebLife) -> Result<Option<WebSession>, StoreError> {
        let key = self.lookup().token("session", token);
        let now = self.0.clock.now();
        let found = sqlx::query!(
            r#"select s.stage, s.from_address,
                      (extract(epoch from s.created_at) * 1000000)::bigint as "began_at!",
                      (extract(epoch from s.active_at) * 1000000)::bigint as "active_at!",
                      (extract(epoch from s.factor_at) * 1000000)::bigint as factor_at,
                      (extract(epoch from s.password_at) * 1000000)::bigint as password_at,
                      a.password_initial, a.id as "id!", a.time_zone as "time_zone!", i.email as "invited_email?",
                      a.two_step or not a.password_long or coalesce(pr.two_step_enforced, false) as "two_step!",
                      case when s.stage = 'registering' then i.phone else a.phone end as number,
                      t.secret is not null as "app!", p.*
                 from web_session s
                 join account a on a.id = s.account_id
                 left join practice pr on pr.id = a.practice_id
                 left join account_person p on p.account_id = a.id
                 left join totp t on t.account_id = a.id
                 left join invitation i on i.account_id = a.id and s.stage = 'registering' and i.state = 'open'
                where s.id_key = $1 and s.epoch = a.web_epoch
                  and s.created_at > to_timestamp($2) and s.active_at > to_timestamp($3)
                  and (a.state = 'active' and s.stage <> 'registering' and p.account_id is not null
                       or a.state = 'invited' and i.account_id is not null)"#,
            &key,
            seconds_of(now) - life.absolute.as_secs_f64(),
            seconds_of(now) - life.idle.as_secs_f64()
        )
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = found else { return Ok(None) };
        let id = AccountId(row.id);
        let account = match row.invited_email {
            Some(email) => self.invited_account(id, &email).await?,
            None => self.person(super::accounts::person_row!(row))?,
        };
        Ok(Some(WebSession {
            key,
            stage: WebStage::parse(&row.stage).ok_or(StoreError::Corrupt("web_session.stage"))?,
            two_step: row.two_step,
            phone: self.open_phone(id, row.number.as_deref()).await?,
            app: row.app,
            time_zone: row.time_zone,
            factor_at: row.factor_at.map(time_of),
            password_at: row.password_at.map(time_of),
            password_initial: row.password_initial,
            created_at: time_of(row.began_at),
            active_at: time_of(row.active_at),
            from_address: row.from_address,
            account,
        }))
    }

    /// R5: somebody does something in it: written at most once a minute. Answers the last activity as it is
    /// written now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn web_session_active(&self, session: &WebSession) -> Result<SystemTime, StoreError> {
        let now = self.0.clock.now();
        if now.duration_since(session.active_at).unwrap_or_default() < ACTIVE_STEP {
            return Ok(session.active_at);
        }
        sqlx::query!(
            "update web_session set active_at = to_timestamp($2)
              where id_key = $1 and active_at < to_timestamp($2)",
            &session.key,
            seconds_of(now)
        )
        .execute(&self.0.pool)
        .await?;
        Ok(now)
    }

    /// Ends one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn web_session_end(&self, session: &WebSession) -> Result<(), StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done =
            sqlx::query!("delete from web_session where id_key = $1", &session.key).execute(&mut *tx).await?;
        if done.rows_affected() == 1 {
            self.audit(&mut tx, AuditNote::done(AuditAction::SignOut).account(session.account.id)).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ends one of an account's, by the key of the list. `false`: it has ended already, or is not the account's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn web_session_end_of(&self, account: AccountId, key: &[u8]) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done =
            sqlx::query!("delete from web_session where account_id = $1 and id_key = $2", account.0, key)
                .execute(&mut *tx)
                .await?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        let note = AuditNote::done(AuditAction::EndSignIns).account(account).detail("one=yes");
        self.audit(&mut tx, note).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends all web sign-ins of an account. `false`: no such account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn web_sessions_end(&self, account: AccountId) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let done = self.web_sessions_void(&mut tx, account).await?;
        if done {
            self.browsers_forget(&mut tx, account).await?;
            self.audit(&mut tx, AuditNote::done(AuditAction::EndSignIns).account(account)).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    /// The good ones of an account, the most active first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn web_sign_ins(
        &self,
        account: AccountId,
        life: WebLife,
    ) -> Result<Vec<WebSignIn>, StoreError> {
        let now = self.0.clock.now();
        let rows = sqlx::query!(
            r#"select s.id_key, s.from_address, s.user_agent,
                      (extract(epoch from s.created_at) * 1000000)::bigint as "created_at!",
                      (extract(epoch from s.active_at) * 1000000)::bigint as "active_at!"
                 from web_session s join account a on a.id = s.account_id
                where s.account_id = $1 and s.epoch = a.web_epoch and s.stage = 'full'
                  and s.created_at > to_timestamp($2) and s.active_at > to_timestamp($3)
                order by s.active_at desc, s.created_at desc limit 100"#,
            account.0,
            seconds_of(now) - life.absolute.as_secs_f64(),
            seconds_of(now) - life.idle.as_secs_f64()
        )
        .fetch_all(&self.0.pool)
        .await?;
        rows.into_iter()
            .map(|r| {
                let key = r.id_key.try_into().map_err(|_| StoreError::Corrupt("web_session.id_key"))?;
                Ok(WebSignIn {
                    key,
                    from_address: r.from_address,
                    user_agent: r.user_agent,
                    created_at: time_of(r.created_at),
                    active_at: time_of(r.active_at),
                })
            })
            .collect()
    }

    /// Begins one in a transaction of its own, after the password was right (R1) and nothing more is asked,
    /// or the second step is. Once nothing more is asked the account's wrong portal secrets are forgotten (R4).
    ///
    /// # Errors
    /// [`StoreError`]. `None`: the account has left service meanwhile, or has another password.
    pub async fn web_sign_in(
        &self,
        account: AccountId,
        hashed: &str,
        stage: WebStage,
        peer: WebPeer<'_>,
    ) -> Result<Option<Secret>, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        let good = sqlx::query_scalar!(
            "select id from account where id = $1 and state = 'active' and portal_password = $2 for no key update",
            account.0,
            hashed
        )
        .fetch_optional(&mut *tx)
        .await?;
        if good.is_none() {
            return Ok(None);
        }
        let token = self.session_begin(&mut tx, account, stage, None, peer).await?;
        if stage == WebStage::Full {
            forget_portal_failures(&mut tx, account).await?;
            self.browser_seen(&mut tx, account, peer, Telling::Owner).await?;
        }
        let detail = if stage == WebStage::Full { "door=portal" } else { "door=portal step=password" };
        self.audit(&mut tx, AuditNote::done(AuditAction::SignIn).account(account).detail(detail)).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Some(token))
    }

    /// Writes a new one. Each begins with a password, typed or chosen just now.
    pub(super) async fn session_begin(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        stage: WebStage,
        factor_at: Option<SystemTime>,
        peer: WebPeer<'_>,
    ) -> Result<Secret, StoreError> {
        let token = random_token()?;
        let agent: String = peer.user_agent.chars().filter(|c| !c.is_control()).take(AGENT_MAX).collect();
        sqlx::query!(
            "insert into web_session (id_key, account_id, stage, epoch, created_at, active_at, password_at,
                                      factor_at, from_address, user_agent)
             select $1, a.id, $3, a.web_epoch, to_timestamp($4), to_timestamp($4), to_timestamp($4),
                    to_timestamp($5), $6, $7
               from account a where a.id = $2",
            &self.lookup().token("session", &token),
            account.0,
            stage.as_str(),
            seconds_of(self.0.clock.now()),
            factor_at.map(seconds_of),
            peer.address.to_string(),
            agent
        )
        .execute(tx)
        .await?;
        Ok(token)
    }

    /// Locks a sign-in's account and row inside the caller's transaction; `false`: it has ended meanwhile.
    pub(super) async fn session_hold(
        &self,
        tx: &mut PgConnection,
        session: &WebSession,
    ) -> Result<bool, StoreError> {
        let account = sqlx::query!(
            "select web_epoch, state from account where id = $1 for no key update",
            session.account.id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(account) = account else { return Ok(false) };
        let wanted = if session.stage == WebStage::Registering { "invited" } else { "active" };
        if account.state != wanted {
            return Ok(false);
        }
        if session.stage == WebStage::Registering {
            // All invitations to the address, in one order, as another registration of the same person takes
            // them; before the sign-in's row, as a delivery that sends a new link does.
            sqlx::query!(
                "select id from invitation
                  where email = (select email from invitation where account_id = $1) and state = 'open'
                  order by id for update",
                session.account.id.0
            )
            .fetch_all(&mut *tx)
            .await?;
        }
        let held = sqlx::query_scalar!(
            "select id_key from web_session where id_key = $1 and epoch = $2 and stage = $3 for update",
            &session.key,
            account.web_epoch,
            session.stage.as_str()
        )
        .fetch_optional(tx)
        .await?;
        Ok(held.is_some())
    }

    /// Gives a held sign-in a new id, stage and proved factor, and takes it over into the account's epoch.
    pub(super) async fn session_renew(
        &self,
        tx: &mut PgConnection,
        session: &WebSession,
        stage: WebStage,
        factor_at: Option<SystemTime>,
    ) -> Result<Secret, StoreError> {
        let token = random_token()?;
        sqlx::query!(
            "update web_session s
                set id_key = $2, stage = $3, active_at = to_timestamp($4), factor_at = to_timestamp($5),
                    epoch = a.web_epoch
               from account a where s.id_key = $1 and a.id = s.account_id",
            &session.key,
            &self.lookup().token("session", &token),
            stage.as_str(),
            seconds_of(self.0.clock.now()),
            factor_at.map(seconds_of)
        )
        .execute(tx)
        .await?;
        Ok(token)
    }

    /// Voids all of an account's by raising its epoch, and the links of devices that were opened from them; the
    /// sweeper takes the rows. `false`: no such account.
    pub(super) async fn web_sessions_void(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!("update account set web_epoch = web_epoch + 1 where id = $1", account.0)
            .execute(&mut *tx)
            .await?;
        self.device_links_void(tx, account).await?;
        Ok(done.rows_affected() == 1)
    }

    /// A person who registers: no addresses yet, the invited one stands for both.
    async fn invited_account(&self, id: AccountId, email: &str) -> Result<Account, StoreError> {
        const WHERE: StoreError = StoreError::Corrupt("invitation.email");
        let row = sqlx::query!(
            r#"select first_name, last_name, role, sign_in_epoch,
                      (extract(epoch from created_at) * 1000000)::bigint as "created_at!"
                 from account where id = $1"#,
            id.0
        )
        .fetch_one(&self.0.pool)
        .await?;
        let email = Address::parse(email).map_err(|_| WHERE)?;
        Ok(Account {
            id,
            practice: None,
            practice_name: None,
            first_name: row.first_name,
            last_name: row.last_name,
            role: row.role.parse::<Role>().map_err(|_| StoreError::Corrupt("account.role"))?,
            tier: Tier::Free,
            user_manager: false,
            state: AccountState::Invited,
            locked_at: None,
            created_at: time_of(row.created_at),
            has_portal_password: false,
            secure_address: email.clone(),
            email,
            attachment_limit: None,
            storage_cap: None,
            epoch: row.sign_in_epoch as u64,
        })
    }

    /// Opens a sealed phone number of an account.
    pub(super) async fn open_phone(
        &self,
        account: AccountId,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Phone>, StoreError> {
        let Some(sealed) = sealed else { return Ok(None) };
        let text = self.seal_key(account).await?.open_text(TextDomain::Phone, account, sealed)?;
        Phone::stored(&text).map(Some).ok_or(StoreError::Corrupt("a phone number"))
    }
}

/// R4: after a success at the portal, inside the caller's transaction, which holds the account's row.
pub(super) async fn forget_portal_failures(
    tx: &mut PgConnection,
    account: AccountId,
) -> Result<(), StoreError> {
    sqlx::query!("delete from failed_secret where account_id = $1 and kind = 'portal'", account.0)
        .execute(tx)
        .await?;
    Ok(())
}
