//! Inviting a person who has no account (R15).

use super::session::full;
use super::{Address, Denied, InvitationId, People, PeopleError, Role, Session};
use crate::policy::people as rules;
use crate::store::{InviteError, NewInvited};

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
    pub email: Address,
}

impl People {
    /// R15: invites a person, for the inviter's practice. Sends nothing. Only paid accounts; at most
    /// [`super::Settings::invitations_per_day`] a day (R27).
    ///
    /// # Errors
    /// [`Denied::Free`], [`Denied::TooOften`], [`Denied::HasAccount`], [`Denied::InvitedAlready`],
    /// [`Denied::OwnDomain`], [`Denied::Address`], [`Denied::AddressTaken`], [`Denied::Phone`],
    /// [`Denied::Name`], [`Denied::Role`].
    pub async fn invite(&self, session: &Session, new: &NewInvitation) -> Result<Invited, PeopleError> {
        full(session)?;
        if !rules::may_invite(session.account.tier) {
            return Err(Denied::Free.into());
        }
        let email = self.0.ordinary(&new.email)?;
        let first_name = rules::name(&new.first_name).ok_or(Denied::Name)?;
        let last_name = rules::name(&new.last_name).ok_or(Denied::Name)?;
        let role = new.role.ok_or(Denied::Role)?;
        let phone = rules::phone(&new.phone).map_err(Denied::Phone)?;
        let invited = NewInvited {
            inviter: session.account.id,
            practice: session.account.practice,
            email: email.clone(),
            first_name,
            last_name,
            role,
            phone,
            per_day: self.0.settings.invitations_per_day,
        };
        let id = self.0.store_of(session).invite(invited).await.map_err(|e| match e {
            InviteError::TooOften => Denied::TooOften.into(),
            InviteError::HasAccount => Denied::HasAccount.into(),
            InviteError::Retired => Denied::AddressTaken.into(),
            InviteError::Already => Denied::InvitedAlready.into(),
            InviteError::Inviter => Denied::Free.into(),
            InviteError::Name => Denied::Name.into(),
            InviteError::Store(e) => PeopleError::from(e),
        })?;
        Ok(Invited { id, email })
    }
}

impl super::Inner {
    /// R30: an address as typed that lies outside of the portal's own domain.
    pub(super) fn ordinary(&self, typed: &str) -> Result<Address, Denied> {
        let email = Address::parse(typed.trim()).map_err(Denied::Address)?;
        if rules::is_ordinary(&email, self.store.domain()) { Ok(email) } else { Err(Denied::OwnDomain) }
    }
}
