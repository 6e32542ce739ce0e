//! Registration by an invitation's link (R2, R16), and joining an account that exists.

use super::{Address, Channel, CodeSent, People, PeopleError, Secret, Session, SessionToken, Visitor};

/// What the page of a link shows.
#[derive(Clone, Debug)]
pub enum InvitationPage {
    /// Register: name to be checked, password to be chosen, then the code.
    Register(Registration),
    /// The address has an account by now: sign in, then accept ([`People::accept`]).
    SignInAndAccept {
        /// Who invites: practice or person.
        from: String,
    },
}

/// What is known of the person who registers.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Who invites: practice or person.
    pub from: String,
    /// As the inviter wrote it; the person may correct it.
    pub first_name: String,
    /// As the inviter wrote it; the person may correct it.
    pub last_name: String,
    /// Will be the account's email address.
    pub email: Address,
    /// The last two digits of the phone that the code will go to.
    pub phone_ending: String,
}

impl People {
    /// GET of an invitation's link. Notes that it was opened (R8), and consumes nothing.
    ///
    /// # Errors
    /// [`super::Denied::Link`], [`super::Denied::LinkExpired`].
    pub async fn invitation_look(&self, token: &Secret) -> Result<InvitationPage, PeopleError> {
        let _ = token;
        unimplemented!()
    }

    /// POST of it: takes name and password (8 characters are enough, two-step is on) and answers a session of stage
    /// `Registering`: go on with [`People::send_code`] and [`People::prove`]. The link stays good until the code
    /// is proved, for who loses the cookie in between; each POST voids the session before.
    ///
    /// # Errors
    /// [`super::Denied::Link`], [`super::Denied::LinkExpired`], [`super::Denied::Name`], the password ones.
    pub async fn register(
        &self,
        token: &Secret,
        first_name: &str,
        last_name: &str,
        password: Secret,
        visitor: &Visitor,
    ) -> Result<SessionToken, PeopleError> {
        let _ = (token, first_name, last_name, password, visitor);
        unimplemented!()
    }

    /// "This is not my number": the User Manager sees it (R8), and the registration ends.
    ///
    /// # Errors
    /// [`super::Denied::Stage`] unless registering.
    pub async fn not_my_phone(&self, session: &Session) -> Result<(), PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// R8: a person with an account accepts an invitation to its address (`true`: the waiting mail is in INBOX now).
    /// `false`: the inviter gave another phone than the account's; prove it with [`People::accept_send_code`] and
    /// [`People::accept_prove`].
    ///
    /// # Errors
    /// [`super::Denied::Link`] (also when the link is another person's), [`super::Denied::LinkExpired`].
    pub async fn accept(&self, session: &Session, token: &Secret) -> Result<bool, PeopleError> {
        let _ = (session, token);
        unimplemented!()
    }

    /// Sends a code to the invitation's phone.
    ///
    /// # Errors
    /// As [`People::accept`], [`super::Denied::TooOften`], [`super::Denied::CodeVoid`].
    pub async fn accept_send_code(&self, session: &Session, token: &Secret, by: Channel) -> Result<CodeSent, PeopleError> {
        let _ = (session, token, by);
        unimplemented!()
    }

    /// Proves it; the waiting mail is in INBOX then.
    ///
    /// # Errors
    /// As [`People::accept`] and the code ones of [`People::prove`].
    pub async fn accept_prove(&self, session: &Session, token: &Secret, code: &Secret) -> Result<(), PeopleError> {
        let _ = (session, token, code);
        unimplemented!()
    }
}
