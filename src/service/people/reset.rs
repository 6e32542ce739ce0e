//! Password reset by link and second step (R2).

use tokio::time::Instant;

use super::entry::Entry;
use super::password::own_data;
use super::{Denied, Inner, People, PeopleError, Secret, SessionToken, SignedIn, Visitor};
use crate::policy::password::Beside;
use crate::store::{Account, AccountState, FoundLink};
use crate::types::{Address, Origin};

impl People {
    /// Asked for on the sign-in page: sends a link to the account's email address, if there is such an account, in
    /// service, and not too often. Always answers the same, after the same time; say "if this address has an
    /// account, a link is on its way".
    ///
    /// # Errors
    /// [`Denied::TooOften`] (this address was asked for too often on this gateway, known or not).
    pub async fn reset_request(&self, login: &str, visitor: &Visitor) -> Result<(), PeopleError> {
        let asked = Instant::now();
        if !self.0.entries.may(Entry::Reset, login) {
            return Err(Denied::TooOften.into());
        }
        let address = if login.len() <= 1024 { Address::parse(login.trim()).ok() } else { None };
        let done = self.0.reset_for(address.as_ref(), visitor).await;
        tokio::time::sleep_until(asked + self.0.settings.refusal_floor).await;
        done
    }

    /// GET of a reset link: whether the page with the new password may be shown. Changes nothing.
    ///
    /// # Errors
    /// [`Denied::Link`], [`Denied::LinkExpired`].
    pub async fn reset_look(&self, token: &Secret) -> Result<(), PeopleError> {
        self.0.reset_found(token).await.map(|_| ())
    }

    /// POST of it: takes the new password. With two-step on nothing changes before [`People::prove`]; the answer
    /// is then [`SignedIn::SecondStep`] with a session of stage `Resetting`. With two-step off the password holds
    /// at once. The link stays good until the password holds, for who loses the cookie in between.
    ///
    /// # Errors
    /// [`Denied::Link`], [`Denied::LinkExpired`], [`Denied::PasswordLength`],
    /// [`Denied::PasswordLengthWithFactor`], [`Denied::PasswordCommon`], [`Denied::PasswordPersonal`].
    pub async fn reset(
        &self,
        token: &Secret,
        password: Secret,
        visitor: &Visitor,
    ) -> Result<SignedIn, PeopleError> {
        let (link, account) = self.0.reset_found(token).await?;
        let profile = self.0.store.profile(link.account).await?;
        let two_step = profile.asks_factor();
        let beside = if two_step { Beside::Factor } else { Beside::Nothing };
        let password = self.0.new_password(password, &own_data(&account), beside).await?;
        let store = self.0.store.acting_as(Origin::account(link.account, Some(visitor.address)));
        let session = if two_step {
            store.reset_begin(token, &password, visitor.peer()).await?
        } else {
            store.reset_at_once(token, &password, visitor.peer()).await?
        };
        let session = SessionToken(session.ok_or(Denied::Link)?);
        Ok(if two_step { SignedIn::SecondStep(session) } else { SignedIn::Full(session) })
    }
}

impl Inner {
    async fn reset_for(&self, address: Option<&Address>, visitor: &Visitor) -> Result<(), PeopleError> {
        let Some(address) = address else { return Ok(()) };
        let account = self.store.resolve(address).await?;
        let Some(account) = account.filter(|a| a.state == AccountState::Active) else { return Ok(()) };
        let page = super::reset_link(&self.settings.portal_url);
        let store = self.store.acting_as(Origin::stranger(visitor.address));
        if !store.reset_send(account.id, &page, self.settings.links_per_hour).await? {
            tracing::info!(event = "reset-not-sent", account = account.id.0, because = "too-often");
        }
        Ok(())
    }

    async fn reset_found(&self, token: &Secret) -> Result<(FoundLink, Account), PeopleError> {
        let link = self.store.reset_link(token).await?.ok_or(Denied::Link)?;
        if link.expires_at <= self.clock.now() {
            return Err(Denied::LinkExpired.into());
        }
        let account = self.store.account(link.account).await?.ok_or(Denied::Link)?;
        Ok((link, account))
    }
}
