//! What a user changes about the own account (R2, R6, R22–R24).

use super::password::own_data;
use super::session::{full, signed_in};
use super::{
    Address, Channel, CodeSent, Denied, Messaging, People, PeopleError, Phone, Secret, Session, SessionToken,
    Visitor,
};
use crate::policy::password::Beside;
use crate::policy::people as rules;
use crate::store::{AccountEdit, AccountError, CodeAnswer, CodePurpose, EmailTaken, PhoneChosen};
pub use crate::store::{CodesGo, OtherPhone};

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
    /// The proved number that codes and text notices go to.
    pub phone: Option<Phone>,
    /// The others, proved too.
    pub other_phones: Vec<OtherPhone>,
    /// May be empty.
    pub ada_number: String,
    /// May be empty.
    pub specialties: Vec<String>,
    /// R24.
    pub time_zone: String,
    /// R2: whether a sign-in asks for the second step: by the account's choice or the practice's, or because the
    /// password is too short to be alone.
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

fn chosen(outcome: PhoneChosen) -> Result<bool, PeopleError> {
    match outcome {
        PhoneChosen::Done => Ok(true),
        PhoneChosen::Gone => Ok(false),
        PhoneChosen::Ended => Err(Denied::SignedOut.into()),
    }
}

/// R24: the names to choose from, sorted.
pub fn time_zones() -> &'static [&'static str] {
    rules::time_zones()
}

/// How strong a password is, for the page: 0 (weak) to 4 (strong), and a hint in English. Milliseconds of
/// computing, no I/O; `own` are names and addresses of the account.
pub fn password_strength(password: &Secret, own: &[&str]) -> (u8, Option<String>) {
    let Ok(text) = std::str::from_utf8(password.expose()) else { return (0, None) };
    let text: String = text.chars().take(crate::policy::password::MOST).collect();
    let estimate = zxcvbn::zxcvbn(&text, own);
    let hint = estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning).map(|w| w.to_string());
    (u8::from(estimate.score()), hint)
}

impl From<AccountError> for PeopleError {
    fn from(e: AccountError) -> Self {
        match e {
            AccountError::AddressTaken(_) => Denied::AddressTaken.into(),
            AccountError::AddressOwnDomain(_) => Denied::OwnDomain.into(),
            AccountError::Name => Denied::Name.into(),
            AccountError::Store(e) => e.into(),
            other => Self::Ours(Box::new(other)),
        }
    }
}

impl People {
    /// R6.
    ///
    /// # Errors
    /// [`Denied::Stage`].
    pub async fn profile(&self, session: &Session) -> Result<Profile, PeopleError> {
        full(session)?;
        let stored = self.0.store.profile(session.account.id).await?;
        let two_step = stored.asks_factor();
        Ok(Profile {
            first_name: session.account.first_name.clone(),
            last_name: session.account.last_name.clone(),
            email: session.account.email.clone(),
            email_pending: stored.email_pending,
            phone: stored.phone,
            other_phones: self.0.store.other_phones(session.account.id).await?,
            ada_number: stored.ada_number,
            specialties: stored.specialties,
            time_zone: stored.time_zone,
            two_step,
            two_step_enforced: stored.two_step_enforced,
            password_long: stored.password_long,
            app: stored.app,
        })
    }

    /// R6: name, ADA number, specialties, time zone. The secure address stays as it is (R30).
    ///
    /// # Errors
    /// [`Denied::Name`], [`Denied::Text`], [`Denied::TimeZone`].
    pub async fn profile_change(&self, session: &Session, change: &ProfileChange) -> Result<(), PeopleError> {
        full(session)?;
        if !rules::is_time_zone(&change.time_zone) {
            return Err(Denied::TimeZone.into());
        }
        let edit = AccountEdit {
            first_name: Some(rules::name(&change.first_name).ok_or(Denied::Name)?),
            last_name: Some(rules::name(&change.last_name).ok_or(Denied::Name)?),
            ada_number: Some(rules::ada_number(&change.ada_number).ok_or(Denied::Text("ADA number"))?),
            specialties: Some(rules::specialties(&change.specialties).ok_or(Denied::Text("specialties"))?),
            time_zone: Some(change.time_zone.clone()),
            ..AccountEdit::default()
        };
        let done = self.0.store_of(session).account_edit(session.account.id, &edit).await?;
        if done { Ok(()) } else { Err(Denied::SignedOut.into()) }
    }

    /// R22, R23.
    ///
    /// # Errors
    /// [`Denied::Stage`].
    pub async fn messaging(&self, session: &Session) -> Result<Messaging, PeopleError> {
        full(session)?;
        Ok(self.0.store.messaging(session.account.id).await?)
    }

    /// R22, R23. Notices by text need a phone number.
    ///
    /// # Errors
    /// [`Denied::Text`], [`Denied::NoPhone`].
    pub async fn messaging_change(&self, session: &Session, change: &Messaging) -> Result<(), PeopleError> {
        use super::NotifyBy;
        let web = full(session)?;
        if matches!(change.notify_by, NotifyBy::Text | NotifyBy::Both) && web.phone.is_none() {
            return Err(Denied::NoPhone.into());
        }
        let signature = rules::signature(&change.signature).ok_or(Denied::Text("signature"))?;
        let change = Messaging { signature, ..change.clone() };
        self.0.store_of(session).messaging_set(session.account.id, &change).await?;
        Ok(())
    }

    /// R6: sends a link to the new address; says the same whether or not it belongs to somebody. Needs a fresh
    /// factor.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::Address`], [`Denied::OwnDomain`], [`Denied::TooOften`].
    pub async fn email_change(&self, session: &Session, email: &str) -> Result<(), PeopleError> {
        let web = self.0.confirmed(session)?;
        let to = self.0.ordinary(email)?;
        let page = super::email_link(&self.0.settings.portal_url);
        let per_hour = self.0.settings.links_per_hour;
        match self.0.store_of(session).email_send(web, &to, &page, per_hour).await? {
            Some(true) => Ok(()),
            Some(false) => Err(Denied::TooOften.into()),
            None => Err(Denied::SignedOut.into()),
        }
    }

    /// GET of that link, in a sign-in of the account that asked for it: the new address, for the page with the button.
    /// Changes nothing.
    ///
    /// # Errors
    /// [`Denied::Link`], [`Denied::LinkExpired`].
    pub async fn email_look(&self, session: &Session, token: &Secret) -> Result<Address, PeopleError> {
        full(session)?;
        let link = self.0.store.email_link(token).await?.ok_or(Denied::Link)?;
        if link.account != session.account.id {
            return Err(Denied::Link.into());
        }
        if link.expires_at <= self.0.clock.now() {
            return Err(Denied::LinkExpired.into());
        }
        Ok(link.new_email.ok_or(Denied::Link)?)
    }

    /// POST of it: the new address holds; the old one leads nowhere any more and gets a notice.
    ///
    /// # Errors
    /// [`Denied::Link`], [`Denied::LinkExpired`], [`Denied::AddressTaken`].
    pub async fn email_confirm(&self, session: &Session, token: &Secret) -> Result<Address, PeopleError> {
        self.email_look(session, token).await?;
        match self.0.store_of(session).email_take(&session.web, token).await? {
            EmailTaken::Done(address) => Ok(address),
            EmailTaken::Ended => Err(Denied::SignedOut.into()),
            EmailTaken::Another => Err(Denied::AddressTaken.into()),
            EmailTaken::NoLink => Err(Denied::Link.into()),
        }
    }

    /// R6: sends a code to the new number. Needs password and factor of the last five minutes; the password alone for
    /// an account that has no factor at all.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::PasswordNeeded`], [`Denied::TooManyPhones`], [`Denied::Phone`], [`Denied::TooOften`], [`Denied::CodeVoid`].
    pub async fn phone_change(
        &self,
        session: &Session,
        phone: &str,
        by: Channel,
    ) -> Result<CodeSent, PeopleError> {
        let web = full(session)?;
        if session.web.phone.is_some() || session.web.app {
            self.0.confirmed(session)?;
        } else {
            self.0.recent(session)?;
        }
        let to = rules::phone(phone).map_err(Denied::Phone)?;
        if web.phone.is_some() && self.0.store.phones_are_full(web.account.id).await? {
            return Err(Denied::TooManyPhones.into());
        }
        self.0.send(session, CodePurpose::Phone, &to, by).await
    }

    /// R6: the new number is proved.
    ///
    /// # Errors
    /// The code ones of [`People::prove`].
    pub async fn phone_confirm(
        &self,
        session: &Session,
        code: &Secret,
        go: CodesGo,
    ) -> Result<(), PeopleError> {
        let web = full(session)?;
        let digits = rules::code(code.expose()).ok_or(Denied::CodeWrong)?;
        match self.0.store_of(session).phone_prove(web, &digits, go).await? {
            None => Err(Denied::SignedOut.into()),
            Some(CodeAnswer::Right(_)) => Ok(()),
            Some(answer) => Err(self.0.not_right(session, &answer).await),
        }
    }

    /// R6: codes go to another of the account's numbers from now on. `false`: it is there no more. Needs password and
    /// factor of the last five minutes.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::PasswordNeeded`].
    pub async fn phone_choose(&self, session: &Session, id: i64) -> Result<bool, PeopleError> {
        let web = self.0.confirmed(session)?;
        chosen(self.0.store_of(session).phone_choose(web, id).await?)
    }

    /// R6: takes one of the other numbers away. As above.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::PasswordNeeded`].
    pub async fn phone_remove(&self, session: &Session, id: i64) -> Result<bool, PeopleError> {
        let web = self.0.confirmed(session)?;
        chosen(self.0.store_of(session).phone_remove(web, id).await?)
    }

    /// Changes the password; every other web sign-in ends. Answers the new token of this one: set the cookie.
    ///
    /// # Errors
    /// [`Denied::PasswordWrong`] (counts under R4), and the password ones; [`Denied::SignedOut`] when that locked
    /// the account.
    pub async fn password_change(
        &self,
        session: &Session,
        current: Secret,
        new: Secret,
        visitor: &Visitor,
    ) -> Result<SessionToken, PeopleError> {
        let web = signed_in(session)?;
        let account = &session.account;
        let stored = self.0.store.portal_password(account.id).await?.ok_or(Denied::PasswordWrong)?;
        if !self.0.passwords.verify(current.clone(), stored.clone()).await? {
            let locked = self.0.wrong(account.id, &current, visitor.address).await?;
            return Err(if locked { Denied::SignedOut } else { Denied::PasswordWrong }.into());
        }
        let beside = if session.two_step { Beside::Factor } else { Beside::Nothing };
        let new = self.0.new_password(new, &own_data(account), beside).await?;
        let token = self.0.store_of(session).password_change(web, &stored, &new, visitor.peer()).await?;
        Ok(SessionToken(token.ok_or(Denied::SignedOut)?))
    }

    /// R2: turns two-step verification on. Needs a phone or an app, and password and factor of the last five minutes.
    ///
    /// # Errors
    /// [`Denied::NoPhone`], [`Denied::FactorNeeded`], [`Denied::PasswordNeeded`].
    pub async fn two_step_on(&self, session: &Session) -> Result<(), PeopleError> {
        let web = full(session)?;
        if web.phone.is_none() && !web.app {
            return Err(Denied::NoPhone.into());
        }
        self.0.confirmed(session)?;
        let done = self.0.store_of(session).two_step_on(web).await?;
        if done { Ok(()) } else { Err(Denied::SignedOut.into()) }
    }

    /// R2: turns it off. Needs a fresh factor; with a short password also a new one of 15 characters. Answers the
    /// new token: set the cookie.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::TwoStepEnforced`], [`Denied::NewPasswordNeeded`], and the password ones.
    pub async fn two_step_off(
        &self,
        session: &Session,
        new_password: Option<Secret>,
    ) -> Result<SessionToken, PeopleError> {
        let web = self.0.confirmed(session)?;
        let stored = self.0.store.profile(session.account.id).await?;
        if stored.two_step_enforced {
            return Err(Denied::TwoStepEnforced.into());
        }
        let new = match new_password {
            Some(new) => Some(self.0.new_password(new, &own_data(&session.account), Beside::Nothing).await?),
            None if stored.password_long => None,
            None => return Err(Denied::NewPasswordNeeded.into()),
        };
        let token = self.0.store_of(session).two_step_off(web, new.as_ref()).await?;
        Ok(SessionToken(token.ok_or(Denied::SignedOut)?))
    }
}
