//! Password reset by link and second step (R2).

use super::{People, PeopleError, Secret, SignedIn, Visitor};

impl People {
    /// Asked for on the sign-in page: sends a link to the account's email address, if there is such an account, in
    /// service, and not too often. Always answers the same, after the same time; say "if this address has an
    /// account, a link is on its way".
    ///
    /// # Errors
    /// [`PeopleError::Ours`] alone.
    pub async fn reset_request(&self, login: &str, visitor: &Visitor) -> Result<(), PeopleError> {
        let _ = (login, visitor);
        unimplemented!()
    }

    /// GET of a reset link: whether the page with the new password may be shown. Changes nothing.
    ///
    /// # Errors
    /// [`super::Denied::Link`], [`super::Denied::LinkExpired`].
    pub async fn reset_look(&self, token: &Secret) -> Result<(), PeopleError> {
        let _ = token;
        unimplemented!()
    }

    /// POST of it: takes the new password. With two-step on nothing changes before [`People::prove`]; the answer
    /// is then [`SignedIn::SecondStep`] with a session of stage `Resetting`. With two-step off the password holds
    /// at once. The link stays good until the password holds, for who loses the cookie in between.
    ///
    /// # Errors
    /// [`super::Denied::Link`], [`super::Denied::LinkExpired`], [`super::Denied::PasswordLength`],
    /// [`super::Denied::PasswordLengthWithFactor`], [`super::Denied::PasswordCommon`], [`super::Denied::PasswordPersonal`].
    pub async fn reset(&self, token: &Secret, password: Secret, visitor: &Visitor) -> Result<SignedIn, PeopleError> {
        let _ = (token, password, visitor);
        unimplemented!()
    }
}
