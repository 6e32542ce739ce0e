//! The User Manager's page: the practice's people, and correcting who has not registered (R8).

use std::time::SystemTime;

use super::{Account, Address, InvitationId, People, PeopleError, Phone, Role, Session};

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
    /// Password chosen, code sent, not answered (or expired).
    CodeNotAnswered,
    /// Wrong codes were typed; too many end the link.
    CodeWrong,
    /// The person says that the phone number is not theirs.
    PhoneWrong,
    /// Registered.
    Registered,
    /// Support withdrew the invitation.
    Revoked,
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
    /// When.
    pub invited_at: SystemTime,
    /// When the newest link was made.
    pub link_made_at: Option<SystemTime>,
    /// Messages that wait.
    pub waiting: u64,
    /// Why it is stuck.
    pub standing: Standing,
}

/// R8: all people of a practice.
#[derive(Clone, Debug)]
pub struct PracticePeople {
    /// Open invitations, newest first; then those that registered within 90 days.
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

impl People {
    /// R8: the people of the User Manager's practice.
    ///
    /// # Errors
    /// [`super::Denied::NotUserManager`].
    pub async fn practice_people(&self, session: &Session) -> Result<PracticePeople, PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// R8: corrects; with another email or phone the older links stop working and the next message sends a new
    /// one. An email address that has an account: the waiting mail goes there at once, and the answer is `None`.
    ///
    /// # Errors
    /// [`super::Denied::NotUserManager`], [`super::Denied::NotInvited`], [`super::Denied::InvitedAlready`],
    /// [`super::Denied::OwnDomain`], [`super::Denied::Address`], [`super::Denied::Phone`].
    pub async fn correct(
        &self,
        session: &Session,
        id: InvitationId,
        correction: &Correction,
    ) -> Result<Option<PersonListed>, PeopleError> {
        let _ = (session, id, correction);
        unimplemented!()
    }

    /// R8: sends a new link at once; older ones stop working.
    ///
    /// # Errors
    /// [`super::Denied::NotUserManager`], [`super::Denied::NotInvited`], [`super::Denied::TooOften`].
    pub async fn invite_again(&self, session: &Session, id: InvitationId) -> Result<(), PeopleError> {
        let _ = (session, id);
        unimplemented!()
    }
}
