//! What a user changes about the own account (R2, R6, R22–R24).

use super::{Address, Channel, CodeSent, People, PeopleError, Phone, Secret, Session, SessionToken, Visitor};

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

/// R23: when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyWhen {
    /// Always.
    Always,
    /// Only while none of the person's mail programs is connected.
    Disconnected,
}

/// R6: the profile as it is.
#[derive(Clone, Debug)]
pub struct Profile {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The ordinary address.
    pub email: Address,
    /// A new one that waits for its link to be used.
    pub email_pending: Option<Address>,
    /// The proved number.
    pub phone: Option<Phone>,
    /// May be empty.
    pub ada_number: String,
    /// May be empty.
    pub specialties: Vec<String>,
    /// R24.
    pub time_zone: String,
    /// R2.
    pub two_step: bool,
    /// R2: it cannot be turned off.
    pub two_step_enforced: bool,
    /// Whether the password is long enough to be good without a second step.
    pub password_long: bool,
    /// R3: an authenticator app is enrolled.
    pub app: bool,
}

/// What [`People::profile_change`] sets.
#[derive(Clone, Debug)]
pub struct ProfileChange {
    /// 1 to 100 characters.
    pub first_name: String,
    /// 1 to 100 characters.
    pub last_name: String,
    /// At most 20 characters.
    pub ada_number: String,
    /// At most 10 of at most 60 characters.
    pub specialties: Vec<String>,
    /// R24: one of [`time_zones`].
    pub time_zone: String,
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

/// R24: the names to choose from, sorted.
pub fn time_zones() -> Vec<&'static str> {
    Vec::new()
}

impl People {
    /// R6.
    ///
    /// # Errors
    /// [`super::Denied::Stage`].
    pub async fn profile(&self, session: &Session) -> Result<Profile, PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// R6: name, ADA number, specialties, time zone.
    ///
    /// # Errors
    /// [`super::Denied::Name`], [`super::Denied::Text`], [`super::Denied::TimeZone`].
    pub async fn profile_change(&self, session: &Session, change: &ProfileChange) -> Result<(), PeopleError> {
        let _ = (session, change);
        unimplemented!()
    }

    /// R22, R23.
    ///
    /// # Errors
    /// [`super::Denied::Stage`].
    pub async fn messaging(&self, session: &Session) -> Result<Messaging, PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// R22, R23.
    ///
    /// # Errors
    /// [`super::Denied::Text`].
    pub async fn messaging_change(&self, session: &Session, change: &Messaging) -> Result<(), PeopleError> {
        let _ = (session, change);
        unimplemented!()
    }

    /// R6: sends a link to the new address; says the same whether or not it belongs to somebody. Needs a fresh factor.
    ///
    /// # Errors
    /// [`super::Denied::FactorNeeded`], [`super::Denied::Address`], [`super::Denied::OwnDomain`], [`super::Denied::TooOften`].
    pub async fn email_change(&self, session: &Session, email: &str) -> Result<(), PeopleError> {
        let _ = (session, email);
        unimplemented!()
    }

    /// GET of that link: the new address, for the page with the button. Changes nothing.
    ///
    /// # Errors
    /// [`super::Denied::Link`], [`super::Denied::LinkExpired`].
    pub async fn email_look(&self, token: &Secret) -> Result<Address, PeopleError> {
        let _ = token;
        unimplemented!()
    }

    /// POST of it: the new address holds; the old one leads nowhere any more and gets a notice.
    ///
    /// # Errors
    /// [`super::Denied::Link`], [`super::Denied::LinkExpired`], [`super::Denied::AddressTaken`].
    pub async fn email_confirm(&self, token: &Secret) -> Result<Address, PeopleError> {
        let _ = token;
        unimplemented!()
    }

    /// R6: sends a code to the new number. Needs a fresh factor.
    ///
    /// # Errors
    /// [`super::Denied::FactorNeeded`], [`super::Denied::Phone`], [`super::Denied::TooOften`], [`super::Denied::CodeVoid`].
    pub async fn phone_change(&self, session: &Session, phone: &str, by: Channel) -> Result<CodeSent, PeopleError> {
        let _ = (session, phone, by);
        unimplemented!()
    }

    /// R6: the new number holds.
    ///
    /// # Errors
    /// The code ones of [`People::prove`].
    pub async fn phone_confirm(&self, session: &Session, code: &Secret) -> Result<(), PeopleError> {
        let _ = (session, code);
        unimplemented!()
    }

    /// Changes the password; every other web sign-in ends. Answers the new token of this one: set the cookie.
    ///
    /// # Errors
    /// [`super::Denied::PasswordWrong`] (counts under R4), and the password ones;
    /// [`super::Denied::SignedOut`] when that locked the account.
    pub async fn password_change(
        &self,
        session: &Session,
        current: Secret,
        new: Secret,
        visitor: &Visitor,
    ) -> Result<SessionToken, PeopleError> {
        let _ = (session, current, new, visitor);
        unimplemented!()
    }

    /// R2: turns two-step verification on. Needs a phone or an app.
    ///
    /// # Errors
    /// [`super::Denied::NoPhone`].
    pub async fn two_step_on(&self, session: &Session) -> Result<(), PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// R2: turns it off. Needs a fresh factor; with a short password also a new one of 15 characters.
    ///
    /// # Errors
    /// [`super::Denied::FactorNeeded`], [`super::Denied::TwoStepEnforced`], [`super::Denied::NewPasswordNeeded`],
    /// and the password ones.
    pub async fn two_step_off(&self, session: &Session, new_password: Option<Secret>) -> Result<(), PeopleError> {
        let _ = (session, new_password);
        unimplemented!()
    }

    /// How strong a password is, for the page: 0 (weak) to 4 (strong), and a hint in English. No I/O.
    pub fn password_strength(password: &Secret, own_data: &[&str]) -> (u8, Option<String>) {
        let _ = (password, own_data);
        (0, None)
    }
}
