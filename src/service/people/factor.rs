//! The second step: codes by phone, the authenticator app, recovery codes (R2, R3, R29).

use std::time::SystemTime;

use super::{Channel, People, PeopleError, Secret, Session, SessionToken, Visitor};

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
    /// The secret in base32 groups, to be typed by hand.
    pub typed: Secret,
}

impl People {
    /// Sends a code to the phone of the session's stage: the invitation's while registering, else the account's.
    /// The former code is void; the count of wrong answers stays (R3).
    ///
    /// # Errors
    /// [`super::Denied::TooOften`], [`super::Denied::CodeVoid`], [`super::Denied::UseApp`], [`super::Denied::NoPhone`].
    pub async fn send_code(&self, session: &Session, by: Channel) -> Result<CodeSent, PeopleError> {
        let _ = (session, by);
        unimplemented!()
    }

    /// Proves the second step, and does what the stage waits for: `Registering` → the account becomes active and
    /// finds its waiting mail (R16); `Resetting` → the new password holds and every other sign-in ends;
    /// `SecondStep` → signed in; `Full` → the factor is fresh again. Answers the new token (the old id is dead):
    /// set the cookie.
    ///
    /// # Errors
    /// [`super::Denied::CodeWrong`], [`super::Denied::CodeExpired`], [`super::Denied::CodeVoid`],
    /// [`super::Denied::CodeNone`], [`super::Denied::UseApp`], [`super::Denied::NoApp`];
    /// [`super::Denied::SignedOut`] when this was the wrong answer that locked the account (R4).
    pub async fn prove(&self, session: &Session, proof: Proof, visitor: &Visitor) -> Result<SessionToken, PeopleError> {
        let _ = (session, proof, visitor);
        unimplemented!()
    }

    /// R3: begins the enrolment of an authenticator app; what was begun before is void, what is enrolled stays
    /// until the new one is confirmed. Needs a fresh factor.
    ///
    /// # Errors
    /// [`super::Denied::FactorNeeded`].
    pub async fn app_enrol(&self, session: &Session) -> Result<Enrolment, PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// The begun enrolment once more, for the page that shows it; `None`: none was begun in the last 15 minutes.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn app_enrolment(&self, session: &Session) -> Result<Option<Enrolment>, PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// Confirms it with a code of the app; answers ten new recovery codes, shown this once.
    ///
    /// # Errors
    /// [`super::Denied::CodeWrong`], [`super::Denied::NoApp`], [`super::Denied::FactorNeeded`].
    pub async fn app_confirm(&self, session: &Session, code: &Secret) -> Result<Vec<Secret>, PeopleError> {
        let _ = (session, code);
        unimplemented!()
    }

    /// Removes the authenticator app and its recovery codes: phone codes are asked for again. Needs a fresh factor.
    ///
    /// # Errors
    /// [`super::Denied::FactorNeeded`], [`super::Denied::NoApp`].
    pub async fn app_remove(&self, session: &Session) -> Result<(), PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// Ten new recovery codes; the old ones are void. Needs a fresh factor and an authenticator app.
    ///
    /// # Errors
    /// [`super::Denied::FactorNeeded`], [`super::Denied::NoApp`].
    pub async fn recovery_codes(&self, session: &Session) -> Result<Vec<Secret>, PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn recovery_codes_left(&self, session: &Session) -> Result<u32, PeopleError> {
        let _ = session;
        unimplemented!()
    }
}
