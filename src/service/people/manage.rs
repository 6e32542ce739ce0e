//! The User Manager's page: the practice's people, and correcting who has not registered (R8).

use std::time::SystemTime;

use super::session::full;
use super::{Account, Address, Denied, InvitationId, People, PeopleError, Phone, PracticeId, Role, Session};
use crate::policy::people as rules;
use crate::store::{Corrected, Invitation, InvitationChange, InvitationState, InvitationText, Stuck};

/// How far an invited person has come, and what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// No link is out: nobody has written yet, or the data were corrected; the next message sends one.
    WaitsForMessage,
    /// The link was sent and not opened.
    LinkNotOpened,
    /// The link's seven days are over; the next message sends a new one.
    LinkExpired,
    /// The link was opened, no password chosen yet.
    LinkOpened,
    /// Password chosen, code sent, not answered.
    CodeNotAnswered,
    /// The code was answered too late.
    CodeExpired,
    /// Wrong codes were typed; five of them end the link, and the next message sends a new one.
    CodeWrong,
    /// The person says that the phone number is not theirs; correct it.
    PhoneWrong,
    /// Registered.
    Registered,
    /// The person had an account already; what waited is there.
    Joined,
    /// Support withdrew the invitation.
    Revoked,
}

impl Standing {
    /// In a few words, for Support.
    pub fn words(self) -> &'static str {
        match self {
            Self::WaitsForMessage => "waits for a message",
            Self::LinkNotOpened => "link not opened",
            Self::LinkExpired => "link expired",
            Self::LinkOpened => "link opened",
            Self::CodeNotAnswered => "code not answered",
            Self::CodeExpired => "code expired",
            Self::CodeWrong => "wrong code",
            Self::PhoneWrong => "wrong phone",
            Self::Registered => "registered",
            Self::Joined => "had an account",
            Self::Revoked => "revoked",
        }
    }

    /// Of an invitation at a moment.
    pub fn of(invitation: &Invitation, now: SystemTime) -> Self {
        match invitation.state {
            InvitationState::Registered => return Self::Registered,
            InvitationState::Joined => return Self::Joined,
            InvitationState::Revoked => return Self::Revoked,
            InvitationState::Open => {}
        }
        let expired = invitation.link_expires_at.is_some_and(|at| at <= now);
        match invitation.stuck {
            Some(Stuck::PhoneWrong) => Self::PhoneWrong,
            Some(Stuck::CodeWrong) => Self::CodeWrong,
            _ if !invitation.has_link => Self::WaitsForMessage,
            _ if expired => Self::LinkExpired,
            Some(Stuck::CodeNotAnswered) => Self::CodeNotAnswered,
            Some(Stuck::CodeExpired) => Self::CodeExpired,
            None if invitation.opened_at.is_some() => Self::LinkOpened,
            None => Self::LinkNotOpened,
        }
    }
}

/// An invited person.
#[derive(Clone, Debug)]
pub struct PersonListed {
    /// Which invitation.
    pub id: InvitationId,
    /// First name as invited.
    pub first_name: String,
    /// Last name as invited.
    pub last_name: String,
    /// Doctor or staff.
    pub role: Role,
    /// Where the link goes.
    pub email: Address,
    /// Where the code goes.
    pub phone: Phone,
    /// Who invited: first and last name.
    pub inviter: String,
    /// The inviter's practice.
    pub practice: Option<String>,
    /// When.
    pub invited_at: SystemTime,
    /// When the newest link was made.
    pub link_made_at: Option<SystemTime>,
    /// Messages that wait.
    pub waiting: u64,
    /// Why it is stuck.
    pub standing: Standing,
}

impl PersonListed {
    pub(super) fn of(invitation: Invitation, now: SystemTime) -> Self {
        Self {
            standing: Standing::of(&invitation, now),
            id: invitation.id,
            first_name: invitation.first_name,
            last_name: invitation.last_name,
            role: invitation.role,
            email: invitation.email,
            phone: invitation.phone,
            inviter: invitation.inviter,
            practice: invitation.practice_name,
            invited_at: invitation.created_at,
            link_made_at: invitation.link_made_at,
            waiting: invitation.waiting,
        }
    }
}

/// R8: all people of a practice.
#[derive(Clone, Debug)]
pub struct PracticePeople {
    /// Open invitations, newest first; then those closed within 90 days.
    pub invited: Vec<PersonListed>,
    /// The practice's own accounts; `state` says who is locked.
    pub accounts: Vec<Account>,
}

/// What a User Manager may correct until the person has registered; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct Correction {
    /// Doctor or staff.
    pub role: Option<Role>,
    /// As typed.
    pub email: Option<String>,
    /// As typed.
    pub phone: Option<String>,
}

/// R8: the practice whose people this person may manage.
fn managed(session: &Session) -> Result<PracticeId, PeopleError> {
    full(session)?;
    match session.account.practice {
        Some(practice) if session.account.user_manager => Ok(practice),
        _ => Err(Denied::NotUserManager.into()),
    }
}

impl People {
    /// R8: the people of the User Manager's practice.
    ///
    /// # Errors
    /// [`Denied::NotUserManager`].
    pub async fn practice_people(&self, session: &Session) -> Result<PracticePeople, PeopleError> {
        let practice = managed(session)?;
        let now = self.0.clock.now();
        let invited = self.0.store.invitations(Some(practice)).await?;
        Ok(PracticePeople {
            invited: invited.into_iter().map(|i| PersonListed::of(i, now)).collect(),
            accounts: self.0.store.accounts(Some(practice)).await?,
        })
    }

    /// R8: corrects; with another email or phone the older links stop working and the next message sends a new
    /// one. An email address that has an account: the waiting mail goes there at once, and the answer is `None`.
    ///
    /// # Errors
    /// [`Denied::NotUserManager`], [`Denied::NotInvited`], [`Denied::InvitedAlready`], [`Denied::OwnDomain`],
    /// [`Denied::Address`], [`Denied::AddressTaken`], [`Denied::Phone`], [`Denied::TooOften`].
    pub async fn correct(
        &self,
        session: &Session,
        id: InvitationId,
        correction: &Correction,
    ) -> Result<Option<PersonListed>, PeopleError> {
        let practice = managed(session)?;
        let change = InvitationChange {
            role: correction.role,
            email: correction.email.as_deref().map(|typed| self.0.ordinary(typed)).transpose()?,
            phone: correction.phone.as_deref().map(rules::phone).transpose().map_err(Denied::Phone)?,
        };
        match self.0.store_of(session).invitation_correct(id, Some(practice), &change).await? {
            Corrected::Done => {}
            Corrected::Joined(_) => return Ok(None),
            Corrected::NotOpen => return Err(Denied::NotInvited.into()),
            Corrected::Already => return Err(Denied::InvitedAlready.into()),
            Corrected::Retired => return Err(Denied::AddressTaken.into()),
            Corrected::TooOften => return Err(Denied::TooOften.into()),
        }
        let invitation = self.0.store.invitation(id).await?.ok_or(Denied::NotInvited)?;
        Ok(Some(PersonListed::of(invitation, self.0.clock.now())))
    }

    /// R8: sends a new link at once; older ones stop working.
    ///
    /// # Errors
    /// [`Denied::NotUserManager`], [`Denied::NotInvited`], [`Denied::TooOften`].
    pub async fn invite_again(&self, session: &Session, id: InvitationId) -> Result<(), PeopleError> {
        let practice = managed(session)?;
        let text = InvitationText {
            page: super::invitation_link(&self.0.settings.portal_url),
            inviter: session.account.display_name(),
            practice: session.account.practice_name.clone(),
        };
        let per_hour = self.0.settings.links_per_hour;
        match self.0.store_of(session).invitation_send(id, Some(practice), &text, per_hour).await? {
            Some(true) => Ok(()),
            Some(false) => Err(Denied::TooOften.into()),
            None => Err(Denied::NotInvited.into()),
        }
    }
}
