//! The second step: codes by phone, the authenticator app, recovery codes (R2, R3, R29).

use std::time::{Duration, SystemTime};

use super::entry::Entry;
use super::session::full;
use super::{Channel, Denied, Inner, People, PeopleError, Secret, Session, SessionToken, Stage, Visitor};
use crate::policy::{people as rules, totp};
use crate::store::{CodeAnswer, CodePurpose, CodeSending, NewCode, Proved, StepAnswer};
use crate::types::{Origin, Phone};

/// An enrolment that is not confirmed by then is forgotten.
const ENROLMENT_LIFE: Duration = Duration::from_mins(15);

/// A code is on its way.
#[derive(Clone, Debug)]
pub struct CodeSent {
    /// The number's last two digits.
    pub ending: String,
    /// Until when it is good.
    pub expires_at: SystemTime,
}

/// What the person types.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The six digits that came by phone; spaces and hyphens are ignored.
    Phone(Secret),
    /// The six digits that the authenticator app shows.
    App(Secret),
    /// One of the ten recovery codes.
    Recovery(Secret),
}

/// An authenticator app to be enrolled.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// `otpauth://totp/…`, for the QR code.
    pub url: Secret,
    /// The secret in base32, to be typed by hand.
    pub typed: Secret,
}

/// What a code is for in a stage.
fn purpose(stage: Stage) -> CodePurpose {
    match stage {
        Stage::Registering => CodePurpose::Register,
        Stage::Resetting => CodePurpose::Reset,
        Stage::SecondStep => CodePurpose::SignIn,
        Stage::Full => CodePurpose::Factor,
    }
}

/// What a person hears to an answer that is not right.
pub(super) fn denied(answer: &CodeAnswer) -> Denied {
    match answer {
        CodeAnswer::Wrong(_) | CodeAnswer::Right(_) => Denied::CodeWrong,
        CodeAnswer::WrongAndVoid(_) | CodeAnswer::Void => Denied::CodeVoid,
        CodeAnswer::Expired => Denied::CodeExpired,
        CodeAnswer::None => Denied::CodeNone,
    }
}

impl Inner {
    /// Sends a code under the limits of the account.
    pub(super) async fn send(
        &self,
        session: &Session,
        purpose: CodePurpose,
        to: &Phone,
        by: Channel,
    ) -> Result<CodeSent, PeopleError> {
        let channel = by.of_notice();
        let per_hour = self.settings.codes_per_hour;
        match self.store.code_send(NewCode { session: &session.web, purpose, to, channel, per_hour }).await? {
            CodeSending::Sent { expires_at } => Ok(CodeSent { ending: to.ending().to_owned(), expires_at }),
            CodeSending::TooOften => Err(Denied::TooOften.into()),
            CodeSending::Void => Err(Denied::CodeVoid.into()),
            CodeSending::Ended => Err(Denied::SignedOut.into()),
        }
    }

    /// What follows from an answer that is not right: a wrong one counts under R4, except of a person who has
    /// no account yet: there the five tries of a link are the limit.
    pub(super) async fn not_right(&self, session: &Session, answer: &CodeAnswer) -> PeopleError {
        if let (CodeAnswer::Wrong(mistake) | CodeAnswer::WrongAndVoid(mistake), false) =
            (answer, session.stage == Stage::Registering)
        {
            let from = session.address().unwrap_or(std::net::IpAddr::from([0, 0, 0, 0]));
            match self.wrong(session.account.id, mistake, from).await {
                Ok(true) => return Denied::SignedOut.into(),
                Ok(false) => {}
                Err(e) => return e,
            }
        }
        denied(answer).into()
    }

    /// The step of a TOTP code that is right for the account's enrolled app.
    async fn app_step(&self, session: &Session, typed: &Secret) -> Result<u64, PeopleError> {
        let account = session.account.id;
        let secret = self.store.app_secret(account).await?.ok_or(Denied::NoApp)?;
        let now = self.clock.now();
        if let Some(step) = totp::matching_step(&secret, typed.expose(), now) {
            return Ok(step);
        }
        // Typed again in the same half minute it is the same mistake; later it is another guess.
        let challenge = format!("totp {} ", totp::step_at(now));
        let mistake = Secret::new([challenge.as_bytes(), typed.expose()].concat());
        Err(self.not_right(session, &CodeAnswer::Wrong(mistake)).await)
    }
}

impl People {
    /// Sends a code to the phone of the session's stage: the invitation's while registering, else the account's.
    /// The former code is void; the count of wrong answers stays (R3).
    ///
    /// # Errors
    /// [`Denied::TooOften`], [`Denied::CodeVoid`], [`Denied::UseApp`], [`Denied::NoPhone`].
    pub async fn send_code(&self, session: &Session, by: Channel) -> Result<CodeSent, PeopleError> {
        if session.web.app {
            return Err(Denied::UseApp.into());
        }
        let to = session.web.phone.as_ref().ok_or(Denied::NoPhone)?;
        self.0.send(session, purpose(session.stage), to, by).await
    }

    /// Proves the second step, and does what the stage waits for: `Registering` → the account becomes active and
    /// finds its waiting mail (R16); `Resetting` → the new password holds and every other sign-in ends;
    /// `SecondStep` → signed in; `Full` → the factor is fresh again. Answers the new token (the old id is dead):
    /// set the cookie.
    ///
    /// # Errors
    /// [`Denied::CodeWrong`], [`Denied::CodeExpired`], [`Denied::CodeVoid`], [`Denied::CodeNone`],
    /// [`Denied::CodeUsed`], [`Denied::UseApp`], [`Denied::NoApp`], [`Denied::TooOften`];
    /// [`Denied::HasAccount`] while registering: the address has an account by now, sign in and accept;
    /// [`Denied::SignedOut`] when this was the wrong answer that locked the account (R4).
    pub async fn prove(
        &self,
        session: &Session,
        proof: Proof,
        visitor: &Visitor,
    ) -> Result<SessionToken, PeopleError> {
        let account = session.account.id;
        if !self.0.entries.may(Entry::Prove, &account.to_string()) {
            return Err(Denied::TooOften.into());
        }
        let store = self.0.store.acting_as(Origin::account(account, Some(visitor.address)));
        let proved = match &proof {
            Proof::Phone(_) if session.web.app => return Err(Denied::UseApp.into()),
            Proof::Phone(typed) => {
                // What has not six digits is no guess, but a slip.
                let digits = rules::code(typed.expose()).ok_or(Denied::CodeWrong)?;
                let answer = StepAnswer::Code(purpose(session.stage), &digits);
                store.web_prove(&session.web, answer, visitor.peer()).await?
            }
            Proof::App(typed) => {
                let digits = rules::code(typed.expose()).ok_or(Denied::CodeWrong)?;
                let step = self.0.app_step(session, &Secret::new(digits)).await?;
                store.web_prove(&session.web, StepAnswer::App(step), visitor.peer()).await?
            }
            Proof::Recovery(_) if !session.web.app => return Err(Denied::NoApp.into()),
            Proof::Recovery(code) => {
                store.web_prove(&session.web, StepAnswer::Recovery(code), visitor.peer()).await?
            }
        };
        match proved {
            Proved::Done(token) => Ok(SessionToken(token)),
            Proved::Used => Err(Denied::CodeUsed.into()),
            Proved::Ended => Err(Denied::SignedOut.into()),
            Proved::HasAccount => Err(Denied::HasAccount.into()),
            Proved::Not(answer) => Err(self.0.not_right(session, &answer).await),
        }
    }

    /// R3: begins the enrolment of an authenticator app; what was begun before is void, what is enrolled stays
    /// until the new one is confirmed. Needs a fresh factor.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::PasswordNeeded`].
    pub async fn app_enrol(&self, session: &Session) -> Result<Enrolment, PeopleError> {
        let web = self.0.confirmed(session)?;
        let secret = totp::new_secret().ok_or_else(|| PeopleError::ours("no random numbers"))?;
        if !self.0.store_of(session).app_begin(web, &secret).await? {
            return Err(Denied::SignedOut.into());
        }
        Ok(enrolment(session, secret))
    }

    /// The begun enrolment once more, for the page that shows it; `None`: none was begun in the last 15 minutes.
    /// Needs a fresh factor, since it shows the secret.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`].
    pub async fn app_enrolment(&self, session: &Session) -> Result<Option<Enrolment>, PeopleError> {
        self.0.confirmed(session)?;
        let pending = self.0.store.app_pending(session.account.id).await?;
        let now = self.0.clock.now();
        let pending =
            pending.filter(|p| now.duration_since(p.begun_at).unwrap_or_default() <= ENROLMENT_LIFE);
        Ok(pending.map(|p| enrolment(session, p.secret)))
    }

    /// Confirms it with a code of the app; answers ten new recovery codes, shown this once.
    ///
    /// # Errors
    /// [`Denied::CodeWrong`], [`Denied::NoApp`], [`Denied::Stage`].
    pub async fn app_confirm(&self, session: &Session, code: &Secret) -> Result<Vec<Secret>, PeopleError> {
        let web = full(session)?;
        let now = self.0.clock.now();
        let pending = self.0.store.app_pending(session.account.id).await?.ok_or(Denied::NoApp)?;
        if now.duration_since(pending.begun_at).unwrap_or_default() > ENROLMENT_LIFE {
            return Err(Denied::NoApp.into());
        }
        let digits = rules::code(code.expose()).ok_or(Denied::CodeWrong)?;
        // A wrong one is no guess at anything: the secret has just been shown to this person.
        let step = totp::matching_step(&pending.secret, &digits, now).ok_or(Denied::CodeWrong)?;
        let codes = self.0.store_of(session).app_confirm(web, &pending, step).await?;
        Ok(codes.ok_or(Denied::NoApp)?)
    }

    /// Removes the authenticator app and its recovery codes: phone codes are asked for again. Needs a fresh
    /// factor, and a phone number.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::NoApp`], [`Denied::NoPhone`].
    pub async fn app_remove(&self, session: &Session) -> Result<(), PeopleError> {
        let web = self.0.confirmed(session)?;
        if web.phone.is_none() {
            return Err(Denied::NoPhone.into());
        }
        if !self.0.store_of(session).app_remove(web).await? {
            return Err(Denied::NoApp.into());
        }
        Ok(())
    }

    /// Ten new recovery codes; the old ones are void. Needs a fresh factor and an authenticator app.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::NoApp`].
    pub async fn recovery_codes(&self, session: &Session) -> Result<Vec<Secret>, PeopleError> {
        let web = self.0.confirmed(session)?;
        Ok(self.0.store_of(session).recovery_renew(web).await?.ok_or(Denied::NoApp)?)
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn recovery_codes_left(&self, session: &Session) -> Result<u32, PeopleError> {
        Ok(self.0.store.recovery_left(session.account.id).await?)
    }
}

fn enrolment(session: &Session, secret: Secret) -> Enrolment {
    Enrolment { url: totp::url(&secret, &session.account.secure_address), typed: secret }
}
