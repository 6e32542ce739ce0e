//! Registration by an invitation's link (R2, R16), and joining an account that exists.

use super::session::full;
use super::{
    Address, Channel, CodeSent, Denied, Inner, People, PeopleError, Secret, Session, SessionToken, Stage,
    Visitor,
};
use crate::policy::password::Beside;
use crate::policy::people as rules;
use crate::store::{Accepting, ChosenByLink, CodePurpose, Invitation};
use crate::types::Origin;

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

impl Inner {
    /// The open invitation that a link is good for.
    async fn invited(&self, token: &Secret) -> Result<Invitation, PeopleError> {
        let invitation = self.store.invitation_by_link(token).await?.ok_or(Denied::Link)?;
        if invitation.link_expires_at.is_none_or(|at| at <= self.clock.now()) {
            return Err(Denied::LinkExpired.into());
        }
        Ok(invitation)
    }

    /// The invitation of a link, if it is to this account's email address.
    async fn acceptable(&self, session: &Session, token: &Secret) -> Result<Invitation, PeopleError> {
        full(session)?;
        let invitation = self.invited(token).await?;
        if invitation.email == session.account.email { Ok(invitation) } else { Err(Denied::Link.into()) }
    }
}

fn from(invitation: &Invitation) -> String {
    invitation.practice_name.clone().unwrap_or_else(|| invitation.inviter.clone())
}

impl People {
    /// GET of an invitation's link. Notes that it was opened (R8), and consumes nothing.
    ///
    /// # Errors
    /// [`Denied::Link`], [`Denied::LinkExpired`].
    pub async fn invitation_look(&self, token: &Secret) -> Result<InvitationPage, PeopleError> {
        let store = &self.0.store;
        let invitation = self.0.invited(token).await?;
        store.invitation_opened(token).await?;
        let from = from(&invitation);
        if store.resolve(&invitation.email).await?.is_some() {
            return Ok(InvitationPage::SignInAndAccept { from });
        }
        Ok(InvitationPage::Register(Registration {
            from,
            first_name: invitation.first_name,
            last_name: invitation.last_name,
            email: invitation.email,
            phone_ending: invitation.phone.ending().to_owned(),
        }))
    }

    /// POST of it: takes name and password (8 characters are enough, two-step is on) and answers a session of stage
    /// `Registering`: go on with [`People::send_code`] and [`People::prove`]. The link stays good until the code
    /// is proved, for who loses the cookie in between; each POST voids the session before. Five wrong codes void
    /// the link.
    ///
    /// # Errors
    /// [`Denied::Link`], [`Denied::LinkExpired`], [`Denied::HasAccount`], [`Denied::Name`],
    /// [`Denied::PasswordLengthWithFactor`], [`Denied::PasswordCommon`], [`Denied::PasswordPersonal`].
    pub async fn register(
        &self,
        token: &Secret,
        first_name: &str,
        last_name: &str,
        password: Secret,
        visitor: &Visitor,
    ) -> Result<SessionToken, PeopleError> {
        let invitation = self.0.invited(token).await?;
        if self.0.store.resolve(&invitation.email).await?.is_some() {
            return Err(Denied::HasAccount.into());
        }
        let first_name = rules::name(first_name).ok_or(Denied::Name)?;
        let last_name = rules::name(last_name).ok_or(Denied::Name)?;
        let own = [first_name.as_str(), last_name.as_str(), invitation.email.as_str()];
        let password = self.0.new_password(password, &own, Beside::Factor).await?;
        let chosen = ChosenByLink { first_name, last_name, password };
        let store = self.0.store.acting_as(Origin::stranger(visitor.address));
        let session = store.registration_begin(token, &chosen, visitor.peer()).await?;
        Ok(SessionToken(session.ok_or(Denied::Link)?))
    }

    /// "This is not my number": the User Manager sees it (R8), and the registration ends; its link is void.
    ///
    /// # Errors
    /// [`Denied::Stage`] unless registering, [`Denied::SignedOut`].
    pub async fn not_my_phone(&self, session: &Session) -> Result<(), PeopleError> {
        if session.stage != Stage::Registering {
            return Err(Denied::Stage.into());
        }
        let done = self.0.store_of(session).invitation_phone_wrong(&session.web).await?;
        if done { Ok(()) } else { Err(Denied::SignedOut.into()) }
    }

    /// R8: a person with an account accepts an invitation to its address (`true`: the waiting mail is in INBOX now).
    /// `false`: the inviter gave another phone than the account's; prove it with [`People::accept_send_code`] and
    /// [`People::accept_prove`].
    ///
    /// # Errors
    /// [`Denied::Link`] (also when the link is another person's), [`Denied::LinkExpired`].
    pub async fn accept(&self, session: &Session, token: &Secret) -> Result<bool, PeopleError> {
        let invitation = self.0.acceptable(session, token).await?;
        match self.0.store_of(session).invitation_accept(&session.web, invitation.id, None).await? {
            Accepting::Joined => Ok(true),
            Accepting::PhoneDiffers => Ok(false),
            Accepting::NotOpen | Accepting::Not(_) => Err(Denied::Link.into()),
            Accepting::Ended => Err(Denied::SignedOut.into()),
        }
    }

    /// Sends a code to the invitation's phone.
    ///
    /// # Errors
    /// As [`People::accept`], [`Denied::TooOften`], [`Denied::CodeVoid`].
    pub async fn accept_send_code(
        &self,
        session: &Session,
        token: &Secret,
        by: Channel,
    ) -> Result<CodeSent, PeopleError> {
        let invitation = self.0.acceptable(session, token).await?;
        self.0.send(session, CodePurpose::Accept(invitation.id), &invitation.phone, by).await
    }

    /// Proves it; the waiting mail is in INBOX then.
    ///
    /// # Errors
    /// As [`People::accept`] and the code ones of [`People::prove`].
    pub async fn accept_prove(
        &self,
        session: &Session,
        token: &Secret,
        code: &Secret,
    ) -> Result<(), PeopleError> {
        let invitation = self.0.acceptable(session, token).await?;
        let digits = rules::code(code.expose()).ok_or(Denied::CodeWrong)?;
        let store = self.0.store_of(session);
        match store.invitation_accept(&session.web, invitation.id, Some(&digits)).await? {
            Accepting::Joined => Ok(()),
            Accepting::PhoneDiffers | Accepting::NotOpen => Err(Denied::Link.into()),
            Accepting::Ended => Err(Denied::SignedOut.into()),
            Accepting::Not(answer) => Err(self.0.not_right(session, &answer).await),
        }
    }
}
