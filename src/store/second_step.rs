//! The second step at the portal (R2, R3): what was answered, what it opens; the authenticator app and its
//! recovery codes.
//!
//! Invariants: an answer is used up in the transaction that gives what it opens; an accepted TOTP step, and
//! every earlier one, is refused from then on; a recovery code works once. The TOTP secret is sealed, recovery
//! codes are keyed hashes.

use std::time::SystemTime;

use sqlx::PgConnection;

use super::codes::{CodeAnswer, CodePurpose};
use super::known_browsers::Telling;
use super::notices::NewNotice;
use super::sessions::{WebSession, WebStage, forget_portal_failures};
use super::tokens::{canonical_recovery, random_recovery_code};
use super::{Store, StoreError, TextDomain, WebPeer, seconds_of, time_of};
use crate::types::{AccountId, AuditAction, AuditNote, Channel, NoticeContent, Secret};

/// R3: how many recovery codes an app comes with.
const RECOVERY_CODES: usize = 10;

/// What a person answers.
#[derive(Clone, Copy, Debug)]
pub enum StepAnswer<'a> {
    /// The digits of a code by phone.
    Code(CodePurpose, &'a [u8; 6]),
    /// A code of the authenticator app that is right; this is its TOTP step.
    App(u64),
    /// A recovery code.
    Recovery(&'a Secret),
}

/// What became of an answer.
#[derive(Clone, Debug)]
pub enum Proved {
    /// Right; the sign-in goes on under this new id.
    Done(Secret),
    /// Not right.
    Not(CodeAnswer),
    /// R3: the TOTP step was used before.
    Used,
    /// The sign-in has ended meanwhile.
    Ended,
    /// While registering: the address has an account by now; sign in there and accept.
    HasAccount,
}

/// An authenticator app that is shown to be enrolled.
#[derive(Clone, Debug)]
pub struct PendingApp {
    /// As given to [`Store::app_begin`].
    pub secret: Secret,
    /// When.
    pub begun_at: SystemTime,
    sealed: Vec<u8>,
}

impl Store {
    /// Answers the second step of a web sign-in, and does what its stage waits for: the registration, the reset, the
    /// sign-in, or a fresh factor.
    ///
    /// # Errors
    /// [`StoreError`]: nothing happened.
    pub async fn web_prove(
        &self,
        session: &WebSession,
        answer: StepAnswer<'_>,
        peer: WebPeer<'_>,
    ) -> Result<Proved, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(Proved::Ended);
        }
        let answered = match answer {
            StepAnswer::Code(purpose, digits) => self.code_answer(&mut tx, session, purpose, digits).await?,
            StepAnswer::App(step) => {
                if !self.app_step(&mut tx, account, step).await? {
                    return Ok(Proved::Used);
                }
                CodeAnswer::Right(None)
            }
            StepAnswer::Recovery(code) => self.recovery_use(&mut tx, account, code).await?,
        };
        if !matches!(answered, CodeAnswer::Right(_)) {
            if session.stage == WebStage::Registering {
                self.registration_code_wrong(&mut tx, account, &answered).await?;
            }
            tx.commit().await?;
            return Ok(Proved::Not(answered));
        }
        match session.stage {
            WebStage::Registering => {
                if !self.activate(&mut tx, account).await? {
                    return Ok(Proved::HasAccount);
                }
                self.browser_seen(&mut tx, account, peer, Telling::Nobody).await?;
            }
            WebStage::Resetting => {
                if !self.reset_apply(&mut tx, account).await? {
                    return Ok(Proved::Ended);
                }
                self.browsers_forget(&mut tx, account).await?;
                self.browser_seen(&mut tx, account, peer, Telling::Owner).await?;
            }
            WebStage::SecondStep => {
                forget_portal_failures(&mut tx, account).await?;
                self.browser_seen(&mut tx, account, peer, Telling::Owner).await?;
            }
            WebStage::Full => {}
        }
        let token = self.session_renew(&mut tx, session, WebStage::Full, Some(self.0.clock.now())).await?;
        let by = match answer {
            StepAnswer::Code(..) => "by=phone",
            StepAnswer::App(_) => "by=app",
            StepAnswer::Recovery(_) => "by=recovery-code",
        };
        self.audit(&mut tx, AuditNote::done(AuditAction::SecondFactor).account(account).detail(by)).await?;
        tx.commit().await?;
        self.wake_notices();
        if session.stage == WebStage::Registering {
            self.join_due(account).await;
        }
        Ok(Proved::Done(token))
    }

    /// The owner hears of it, should it be somebody else who sits there; after the commit wake the workers.
    pub(super) async fn second_step_changed(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let notice = NewNotice::new(account, NoticeContent::SecondStepChanged, Channel::Email);
        self.enqueue_notice(tx, notice).await?;
        Ok(())
    }

    /// R3: uses a TOTP step up; `false`: it, or a later one, was used before.
    async fn app_step(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        step: u64,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "update totp set last_step = $2 where account_id = $1 and secret is not null and last_step < $2",
            account.0,
            step.cast_signed()
        )
        .execute(tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn recovery_use(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        code: &Secret,
    ) -> Result<CodeAnswer, StoreError> {
        let plain = canonical_recovery(code);
        let done = sqlx::query!(
            "update recovery_code set used_at = to_timestamp($3)
              where account_id = $1 and code_key = $2 and used_at is null",
            account.0,
            &self.lookup().code(account, "recovery", &plain),
            seconds_of(self.0.clock.now())
        )
        .execute(tx)
        .await?;
        if done.rows_affected() == 1 {
            return Ok(CodeAnswer::Right(None));
        }
        Ok(CodeAnswer::Wrong(Secret::new([b"recovery ".as_slice(), &plain].concat())))
    }

    /// The secret of the enrolled app, in base32; `None`: there is no app.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn app_secret(&self, account: AccountId) -> Result<Option<Secret>, StoreError> {
        let sealed = sqlx::query_scalar!("select secret from totp where account_id = $1", account.0)
            .fetch_optional(&self.0.pool)
            .await?
            .flatten();
        let Some(sealed) = sealed else { return Ok(None) };
        let text = self.seal_key(account).await?.open_text(TextDomain::Totp, account, &sealed)?;
        Ok(Some(Secret::new(text)))
    }

    /// Begins an enrolment with a secret in base32; what was begun before is void. `false`: the sign-in has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn app_begin(&self, session: &WebSession, secret: &Secret) -> Result<bool, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(false);
        }
        let text = std::str::from_utf8(secret.expose()).map_err(|_| StoreError::Corrupt("totp.pending"))?;
        let sealed = self.seal_key_in(&mut tx, account).await?.seal_text(TextDomain::Totp, account, text)?;
        sqlx::query!(
            "insert into totp (account_id, pending, pending_at) values ($1, $2, to_timestamp($3))
                 on conflict (account_id) do update
                set pending = excluded.pending, pending_at = excluded.pending_at",
            account.0,
            sealed,
            seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What was begun last, if anything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn app_pending(&self, account: AccountId) -> Result<Option<PendingApp>, StoreError> {
        let row = sqlx::query!(
            r#"select pending as "pending!", (extract(epoch from pending_at) * 1000000)::bigint as "at!"
                 from totp where account_id = $1 and pending is not null"#,
            account.0
        )
        .fetch_optional(&self.0.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let text = self.seal_key(account).await?.open_text(TextDomain::Totp, account, &row.pending)?;
        Ok(Some(PendingApp { secret: Secret::new(text), begun_at: time_of(row.at), sealed: row.pending }))
    }

    /// Enrols what was begun, after a code of it was right at `step`, which is used up by that. Answers ten new
    /// recovery codes; `None`: the sign-in has ended, or something else was begun meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn app_confirm(
        &self,
        session: &WebSession,
        pending: &PendingApp,
        step: u64,
    ) -> Result<Option<Vec<Secret>>, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(None);
        }
        let done = sqlx::query!(
            "update totp set secret = pending, pending = null, pending_at = null, last_step = $3,
                             enrolled_at = to_timestamp($4)
              where account_id = $1 and pending = $2",
            account.0,
            pending.sealed,
            step.cast_signed(),
            seconds_of(self.0.clock.now())
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() != 1 {
            return Ok(None);
        }
        let codes = self.recovery_put(&mut tx, account).await?;
        self.audit(&mut tx, AuditNote::done(AuditAction::TwoStepOn).account(account).detail("by=app"))
            .await?;
        self.second_step_changed(&mut tx, account).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Some(codes))
    }

    /// Removes the app and its recovery codes; `false`: there is none, or the sign-in has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn app_remove(&self, session: &WebSession) -> Result<bool, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(false);
        }
        if !self.app_forget(&mut tx, account).await? {
            return Ok(false);
        }
        self.audit(&mut tx, AuditNote::done(AuditAction::TwoStepOff).account(account).detail("by=app"))
            .await?;
        self.second_step_changed(&mut tx, account).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(true)
    }

    /// Support takes a lost app away; `false`: there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn app_take_away(&self, account: AccountId) -> Result<bool, StoreError> {
        let mut tx = self.0.pool.begin().await?;
        if !self.app_forget(&mut tx, account).await? {
            return Ok(false);
        }
        self.audit(&mut tx, AuditNote::done(AuditAction::TwoStepOff).account(account).detail("by=app"))
            .await?;
        self.second_step_changed(&mut tx, account).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(true)
    }

    /// Removes the app inside the caller's transaction.
    pub(super) async fn app_forget(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!("delete from totp where account_id = $1 and secret is not null", account.0)
            .execute(&mut *tx)
            .await?;
        sqlx::query!("delete from recovery_code where account_id = $1", account.0).execute(tx).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ten new recovery codes; the old ones are void. `None`: the sign-in has ended, or there is no app.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recovery_renew(&self, session: &WebSession) -> Result<Option<Vec<Secret>>, StoreError> {
        let account = session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, session).await? {
            return Ok(None);
        }
        let app = sqlx::query_scalar!(
            "select account_id from totp where account_id = $1 and secret is not null for update",
            account.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        if app.is_none() {
            return Ok(None);
        }
        let codes = self.recovery_put(&mut tx, account).await?;
        let note =
            AuditNote::done(AuditAction::AccountChange).account(account).detail("fields=recovery-codes");
        self.audit(&mut tx, note).await?;
        self.second_step_changed(&mut tx, account).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(Some(codes))
    }

    /// How many are left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recovery_left(&self, account: AccountId) -> Result<u32, StoreError> {
        let left = sqlx::query_scalar!(
            r#"select count(*) as "n!" from recovery_code where account_id = $1 and used_at is null"#,
            account.0
        )
        .fetch_one(&self.0.pool)
        .await?;
        Ok(u32::try_from(left).unwrap_or(u32::MAX))
    }

    async fn recovery_put(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<Vec<Secret>, StoreError> {
        let codes = (0..RECOVERY_CODES).map(|_| random_recovery_code()).collect::<Result<Vec<_>, _>>()?;
        let keys: Vec<Vec<u8>> = codes
            .iter()
            .map(|c| self.lookup().code(account, "recovery", &canonical_recovery(c)).to_vec())
            .collect();
        sqlx::query!("delete from recovery_code where account_id = $1", account.0).execute(&mut *tx).await?;
        sqlx::query!(
            "insert into recovery_code (account_id, code_key) select $1, u.key from unnest($2::bytea[]) u(key)",
            account.0,
            &keys
        )
        .execute(tx)
        .await?;
        Ok(codes)
    }
}
