//! Inviting a person who has no account (R15).

use super::{InvitationId, People, PeopleError, Role, Session};

/// What the sender says about the person. Texts as typed.
#[derive(Clone, Debug, Default)]
pub struct NewInvitation {
    /// The person's ordinary address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Doctor or staff; `None`: not chosen.
    pub role: Option<Role>,
    /// Where codes will go.
    pub phone: String,
}

/// Done: messages to the address are accepted from now on, and the first one sends the invitation.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Which.
    pub id: InvitationId,
    /// The address as it is compared, for "now send your message to …".
    pub email: super::Address,
}

impl People {
    /// R15: invites a person, for the inviter's practice. Sends nothing. Only paid accounts; at most
    /// [`super::Settings::invitations_per_day`] a day (R27).
    ///
    /// # Errors
    /// [`super::Denied::Free`], [`super::Denied::TooOften`], [`super::Denied::HasAccount`],
    /// [`super::Denied::InvitedAlready`], [`super::Denied::OwnDomain`], [`super::Denied::Address`],
    /// [`super::Denied::Phone`], [`super::Denied::Name`] (also for a missing role).
    pub async fn invite(&self, session: &Session, new: &NewInvitation) -> Result<Invited, PeopleError> {
        let _ = (session, new);
        unimplemented!()
    }
}
