//! Signing in to the portal with address and password (R1, R3, R4).

use super::{People, PeopleError, Secret, SessionToken, Visitor};

/// What the right password leads to. Set the cookie to the token in both cases.
#[derive(Clone, Debug)]
pub enum SignedIn {
    /// Signed in; two-step is off.
    Full(SessionToken),
    /// Ask for the second step: [`People::resume`] says which factor; a phone code is sent by
    /// [`People::send_code`] when the person has chosen text or voice.
    SecondStep(SessionToken),
}

impl People {
    /// R4: signs in with one of the account's two addresses and its portal password. A known and an unknown
    /// address, a wrong password and a locked account get the same [`super::Denied::SignIn`] at the same time.
    ///
    /// # Errors
    /// [`super::Denied::SignIn`], [`super::Denied::TooOften`] (this address was tried too often on this
    /// gateway, known or not), [`PeopleError::Busy`].
    pub async fn sign_in(&self, login: &str, password: Secret, visitor: &Visitor) -> Result<SignedIn, PeopleError> {
        let _ = (login, password, visitor);
        unimplemented!()
    }
}
