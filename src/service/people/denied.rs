//! Why something was not done, as sentences for the person.

use crate::service::portal_password::HashError;
use crate::store::{MailError, StoreError};
use crate::types::{AddressError, PhoneError};

/// The person's fault or circumstance; `Display` is the sentence to show (English; a translation maps the
/// variants). Nothing was changed unless a variant says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// R4: unknown address, wrong password or locked account; never says which.
    #[error("The email address or the password is not right, or the account is locked")]
    SignIn,
    /// R5: there is no such web sign-in, or it has ended; ask to sign in again.
    #[error("You have been signed out; please sign in again")]
    SignedOut,
    /// The web sign-in is in a stage in which this cannot be done (for example: the second step is missing).
    #[error("Please finish signing in first")]
    Stage,
    /// A fresh factor is needed: send the person to the factor page, then back (R29).
    #[error("Please confirm that it is you with a new code first")]
    FactorNeeded,
    /// The password is to be typed once more: send the person to the page that asks for it, then back.
    #[error("Please enter your password once more first")]
    PasswordNeeded,
    /// Support has made this password; another one must be chosen before anything else.
    #[error("Please choose a password of your own first")]
    PasswordInitial,
    /// Too many tries, codes, links or invitations; later is fine.
    #[error("That was too often; please wait a while and try again")]
    TooOften,
    /// The link is none of ours, was used, or a newer one was sent.
    #[error("This link is no longer good; a newer one may have been sent to you")]
    Link,
    /// The link was right once; its time is over.
    #[error("This link has expired")]
    LinkExpired,
    /// R3: a wrong code.
    #[error("This code is not right; please look again at the newest message")]
    CodeWrong,
    /// R3: the code's ten minutes are over; send another.
    #[error("This code has expired; please have a new one sent")]
    CodeExpired,
    /// R3: five wrong answers; begin the sign-in (or the link) anew.
    #[error("There were too many wrong codes; please wait ten minutes and start again")]
    CodeVoid,
    /// No code was asked for.
    #[error("Please have a code sent first")]
    CodeNone,
    /// R3: this code of the app was used before; the app shows the next one in at most half a minute.
    #[error("This code was used already; please wait for the next one")]
    CodeUsed,
    /// R3: the authenticator app replaces codes by phone for this account.
    #[error("Please use the code that your authenticator app shows, or a recovery code")]
    UseApp,
    /// There is no authenticator app for this account, or none waits to be confirmed.
    #[error("No authenticator app is set up")]
    NoApp,
    /// The account has no phone number that a code could go to; Support can help.
    #[error("Your account has no phone number for codes; please ask Support for help")]
    NoPhone,
    /// The current password that was given is wrong.
    #[error("The current password is not right")]
    PasswordWrong,
    /// The new password is too short or too long.
    #[error("Please choose a password of 15 to 128 characters")]
    PasswordLength,
    /// The same, where a factor is asked for at each sign-in.
    #[error("Please choose a password of 8 to 128 characters")]
    PasswordLengthWithFactor,
    /// The new password is on the list of common ones.
    #[error("This password is used by many people; please choose another one")]
    PasswordCommon,
    /// The new password is made of the account's own data.
    #[error("This password contains your name or address; please choose another one")]
    PasswordPersonal,
    /// R2: two-step verification cannot be turned off.
    #[error("Your practice asks for two-step verification")]
    TwoStepEnforced,
    /// Turning two-step off needs a long password: give a new one with the same form.
    #[error(
        "Without two-step verification your password needs at least 15 characters; please choose a new one"
    )]
    NewPasswordNeeded,
    /// R7, R15: a free account only replies.
    #[error("With a free account you can only answer messages; you cannot invite anybody")]
    Free,
    /// R8: the privilege is missing.
    #[error("Only User Managers can do this")]
    NotUserManager,
    /// R8: not one of the practice's own people, or registered meanwhile.
    #[error("This person is no longer waiting for an invitation")]
    NotInvited,
    /// R15: that address is already an account's: just write. While registering: sign in there, and accept.
    #[error("There is an account with this address already")]
    HasAccount,
    /// R15: somebody of the practice has invited that address; just write.
    #[error("This person has been invited already; you can write to this address")]
    InvitedAlready,
    /// R30: an address in the portal's own domain is nobody's ordinary address.
    #[error("Please give the person's ordinary email address, not one in the domain of this portal")]
    OwnDomain,
    /// R30: the address belongs to another account. Only where its owner has proved to read it.
    #[error("This address belongs to another account")]
    AddressTaken,
    /// Not an address.
    #[error("Please check the email address: {0}")]
    Address(AddressError),
    /// Not a phone number.
    #[error("Please check the phone number: {0}")]
    Phone(#[from] PhoneError),
    /// R6: as many numbers as an account can have.
    #[error("You have as many phone numbers as an account can have; please remove one first")]
    TooManyPhones,
    /// A first or last name is empty or too long.
    #[error(
        "Please give first and last name, each at most 100 characters, without / : @ < > and with a space after a point"
    )]
    Name,
    /// R15: doctor or staff was not chosen.
    #[error("Please choose whether the person is a doctor or staff")]
    Role,
    /// R24: not a time zone of the list.
    #[error("Please choose a time zone from the list")]
    TimeZone,
    /// A text of the profile is too long or holds control characters; the field's name.
    #[error("The text in the field \"{0}\" is too long or contains characters that cannot be used")]
    Text(&'static str),
    /// R29: the device's name is empty or too long.
    #[error("Please give the device a name of at most 100 characters")]
    DeviceName,
    /// R29: as many app passwords as an account can have.
    #[error("You have as many app passwords as an account can have; please remove one first")]
    TooManyDevices,
}

impl From<AddressError> for Denied {
    fn from(e: AddressError) -> Self {
        Self::Address(e)
    }
}

/// What a use case ends with when it does not succeed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Say the sentence.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Too many passwords are being checked at the moment: 503, try again.
    #[error("too many people are signing in at the moment")]
    Busy,
    /// Our fault: a generic sentence with a trace id.
    #[error("the database or the machine failed")]
    Ours(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl PeopleError {
    pub(super) fn ours(what: &'static str) -> Self {
        Self::Ours(what.into())
    }

    pub(super) fn other(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Ours(Box::new(error))
    }
}

impl From<StoreError> for PeopleError {
    fn from(e: StoreError) -> Self {
        Self::Ours(Box::new(e))
    }
}

impl From<MailError> for PeopleError {
    fn from(e: MailError) -> Self {
        Self::Ours(Box::new(e))
    }
}

impl From<HashError> for PeopleError {
    fn from(e: HashError) -> Self {
        match e {
            HashError::Busy => Self::Busy,
            other => Self::Ours(Box::new(other)),
        }
    }
}
