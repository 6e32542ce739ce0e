//! New portal passwords: judged and hashed (R2).

use super::{Denied, Inner, PeopleError, Secret};
use crate::policy::password::{Beside, PasswordFault, Strength, check_password};
use crate::store::NewPassword;

impl Inner {
    /// `own`: names and addresses of the account, which the password may not be made of.
    pub(super) async fn new_password(
        &self,
        password: Secret,
        own: &[&str],
        beside: Beside,
    ) -> Result<NewPassword, PeopleError> {
        let fault = |fault| match (fault, beside) {
            (PasswordFault::Length, Beside::Nothing) => Denied::PasswordLength,
            (PasswordFault::Length, Beside::Factor) => Denied::PasswordLengthWithFactor,
            (PasswordFault::Common, _) => Denied::PasswordCommon,
            (PasswordFault::Personal, _) => Denied::PasswordPersonal,
        };
        let text = std::str::from_utf8(password.expose()).map_err(|_| fault(PasswordFault::Length))?;
        let strength = check_password(text, own, beside).map_err(fault)?;
        if let Some(breached) = self.settings.breached.clone() {
            let asked = password.clone();
            // A few dozen reads of a disk: not on the threads that serve.
            let found = tokio::task::spawn_blocking(move || breached.contains(&asked)).await;
            if found.map_err(PeopleError::other)?.map_err(PeopleError::other)? {
                return Err(Denied::PasswordCommon.into());
            }
        }
        let hashed = self.passwords.hash(password).await?;
        Ok(NewPassword { hashed, long: strength == Strength::Alone })
    }
}

/// The account's data that a password may not be made of.
pub(super) fn own_data(account: &super::Account) -> Vec<&str> {
    let practice = account.practice_name.as_deref();
    let mut own = vec![
        account.first_name.as_str(),
        account.last_name.as_str(),
        account.email.as_str(),
        account.secure_address.as_str(),
    ];
    own.extend(practice);
    own
}
