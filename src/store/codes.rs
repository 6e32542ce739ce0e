//! Codes by phone (R2, R3): sent, answered, void.
//!
//! Invariants: of each purpose an account has one code, the newest; it is good for ten minutes and for one right
//! answer, and void after five wrong ones. A code sent again within those ten minutes goes on with the count.
//! Answering is one atomic step, in whatever gateway. A code is good in the sign-in alone that asked for it. Every code is its own challenge: the same wrong digits
//! against two codes are two mistakes under R4, against one code they are one.

use std::time::{Duration, SystemTime};

use sqlx::PgConnection;

use super::notices::NewNotice;
use super::tokens::random_code;
use super::{Store, StoreError, TextDomain, WebSession, seconds_of};
use crate::types::{AccountId, Channel, InvitationId, NoticeContent, NoticeKind, Phone, Secret};

/// R3: a code is good for so long.
const LIFE: Duration = Duration::from_mins(10);

/// What a code is for; one for another purpose does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePurpose {
    /// Proves an invited person's phone (R2, R16).
    Register,
    /// The second step of a reset (R2).
    Reset,
    /// The second step of a sign-in (R3).
    SignIn,
    /// A fresh factor while signed in (R29).
    Factor,
    /// Proves a new phone number (R6).
    Phone,
    /// Proves this invitation's phone to join it to an account (R8); a code for another one does not fit.
    Accept(InvitationId),
}

impl CodePurpose {
    /// The word of the database.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Reset => "reset",
            Self::SignIn => "sign_in",
            Self::Factor => "factor",
            Self::Phone => "phone",
            Self::Accept(_) => "accept",
        }
    }

    /// What is hashed: the code, and what it is bound to: the sign-in that asked for it, and the invitation.
    fn bound(self, digits: [u8; 6], session: &WebSession) -> Vec<u8> {
        let mut bound = digits.to_vec();
        bound.extend(session.key);
        if let Self::Accept(id) = self {
            bound.extend(id.0.to_be_bytes());
        }
        bound
    }
}

/// A code to be sent.
#[derive(Clone, Copy, Debug)]
pub struct NewCode<'a> {
    /// Who asks for it; it is good nowhere else.
    pub session: &'a WebSession,
    /// What for.
    pub purpose: CodePurpose,
    /// Where it goes.
    pub to: &'a Phone,
    /// How: text or voice.
    pub channel: Channel,
    /// Most codes that the account is sent in an hour.
    pub per_hour: u32,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSending {
    /// On its way.
    Sent {
        /// Until when it is good.
        expires_at: SystemTime,
    },
    /// As many codes as the account is sent in an hour.
    TooOften,
    /// Five wrong answers, and the last code's ten minutes are not over yet.
    Void,
    /// The sign-in has ended.
    Ended,
}

/// What an answer was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    /// Right, and used up. Of purpose `Phone`: the number it proves.
    Right(Option<Phone>),
    /// Wrong; the secret to be counted under R4, which tells this code's wrong answers from another's.
    Wrong(Secret),
    /// Wrong, and the fifth: the code is void now. As above.
    WrongAndVoid(Secret),
    /// Void already; nothing was compared.
    Void,
    /// Its time is over; nothing was compared.
    Expired,
    /// None was sent, or it was used.
    None,
}

impl Store {
    /// Sends a code: the former one of the purpose is void.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn code_send(&self, new: NewCode<'_>) -> Result<CodeSending, StoreError> {
        let now = self.0.clock.now();
        let expires_at = now + LIFE;
        let code = random_code()?;
        let account = new.session.account.id;
        let mut tx = self.0.pool.begin().await?;
        if !self.session_hold(&mut tx, new.session).await? {
            return Ok(CodeSending::Ended);
        }
        if !self.note_sent(&mut tx, account, "code", new.per_hour).await? {
            return Ok(CodeSending::TooOften);
        }
        if new.purpose == CodePurpose::Register {
            sqlx::query!(
                "update invitation set stuck = 'code_not_answered' where account_id = $1 and state = 'open'",
                account.0
            )
            .execute(&mut *tx)
            .await?;
        }
        let proves = match new.purpose {
            CodePurpose::Phone => {
                let key = self.seal_key_in(&mut tx, account).await?;
                Some(key.seal_text(TextDomain::Phone, account, new.to.as_str())?)
            }
            _ => None,
        };
        // A registration's count starts anew only with a new link, which removes the row.
        let failures = sqlx::query_scalar!(
            "insert into phone_code as c (account_id, purpose, code_key, phone, sent_at, expires_at)
             values ($1, $2, $3, $4, to_timestamp($5), to_timestamp($6))
                 on conflict (account_id, purpose) do update
                set code_key = excluded.code_key, phone = excluded.phone, sent_at = excluded.sent_at,
                    expires_at = case when c.failures >= 5 and c.expires_at > excluded.sent_at
                                      then c.expires_at else excluded.expires_at end,
                    failures = case when c.purpose <> 'register' and c.expires_at <= excluded.sent_at
                                    then 0 else c.failures end
             returning failures",
            account.0,
            new.purpose.as_str(),
            &self.lookup().code(account, new.purpose.as_str(), &new.purpose.bound(code, new.session)),
            proves,
            seconds_of(now),
            seconds_of(expires_at)
        )
        .fetch_one(&mut *tx)
        .await?;
        if failures >= 5 {
            return Ok(CodeSending::Void);
        }
        let content = NoticeContent::PhoneCode { code: Secret::new(code) };
        let notice = NewNotice::new(account, content, new.channel)
            .to(new.to.as_str())
            .expires(expires_at)
            .replacing(&[NoticeKind::PhoneCode]);
        self.enqueue_notice(&mut tx, notice).await?;
        tx.commit().await?;
        self.wake_notices();
        Ok(CodeSending::Sent { expires_at })
    }

    /// The account's phone is another one now: what went to the old one is void. Inside the caller's transaction, which
    /// holds the account.
    pub(super) async fn codes_void(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
    ) -> Result<(), StoreError> {
        sqlx::query!("delete from phone_code where account_id = $1", account.0).execute(&mut *tx).await?;
        self.cancel_notices(tx, account, &[NoticeKind::PhoneCode]).await
    }

    /// Counts one more thing sent under a limit per hour and account; `false`: the limit is reached.
    pub(super) async fn note_sent(
        &self,
        tx: &mut PgConnection,
        account: AccountId,
        kind: &'static str,
        per_hour: u32,
    ) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"select note_sent($1, $2, $3, $4) as "may!""#,
            account.0,
            kind,
            seconds_of(self.0.clock.now()),
            i32::try_from(per_hour).unwrap_or(i32::MAX)
        )
        .fetch_one(tx)
        .await?)
    }

    /// Answers the code of a purpose inside the caller's transaction, which must be committed even after a
    /// wrong answer: the count is in it.
    pub(super) async fn code_answer(
        &self,
        tx: &mut PgConnection,
        session: &WebSession,
        purpose: CodePurpose,
        digits: &[u8; 6],
    ) -> Result<CodeAnswer, StoreError> {
        let account = session.account.id;
        let row = sqlx::query!(
            r#"select verdict as "verdict!", sent, phone from answer_phone_code($1, $2, $3, $4)"#,
            account.0,
            purpose.as_str(),
            &self.lookup().code(account, purpose.as_str(), &purpose.bound(*digits, session)),
            seconds_of(self.0.clock.now())
        )
        .fetch_one(tx)
        .await?;
        let mistake = || {
            let challenge = format!("code {} {} ", purpose.as_str(), row.sent.unwrap_or(0));
            Secret::new([challenge.as_bytes(), digits].concat())
        };
        Ok(match row.verdict.as_str() {
            "right" => CodeAnswer::Right(self.open_phone(account, row.phone.as_deref()).await?),
            "wrong" => CodeAnswer::Wrong(mistake()),
            "fifth" => CodeAnswer::WrongAndVoid(mistake()),
            "void" => CodeAnswer::Void,
            "expired" => CodeAnswer::Expired,
            "none" => CodeAnswer::None,
            _ => return Err(StoreError::Corrupt("answer_phone_code")),
        })
    }
}
