//! What a use case refuses, as a sentence at the field it belongs to.

use super::fault::Fault;
use super::text::{ENGLISH, fill};
use crate::service::people::{Denied, PeopleError};

/// The refusals that a form is shown again for. Everything else is no matter of the form.
pub(super) fn denied(error: PeopleError) -> Result<Denied, Fault> {
    match error {
        PeopleError::Denied(denied) => Ok(denied),
        other => Err(other.into()),
    }
}

impl From<PeopleError> for Fault {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Denied(denied) => denied.into(),
            PeopleError::Busy => Self::Busy,
            PeopleError::Ours(source) => Self::ours(&*source),
        }
    }
}

/// Where no form can say it.
impl From<Denied> for Fault {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::SignedOut | Denied::Stage => Self::SignedOut,
            Denied::TooOften => Self::Often,
            Denied::Link | Denied::LinkExpired => Self::Missing,
            _ => Self::Forbidden,
        }
    }
}

/// The id of the field that a refusal is about; `form`: none in particular.
pub(super) fn field_of(denied: &Denied) -> &'static str {
    match denied {
        Denied::SignIn
        | Denied::SignedOut
        | Denied::Stage
        | Denied::FactorNeeded
        | Denied::PasswordNeeded
        | Denied::PasswordInitial
        | Denied::TooOften
        | Denied::Link
        | Denied::LinkExpired
        | Denied::NoApp
        | Denied::NoPhone
        | Denied::TwoStepEnforced
        | Denied::Free
        | Denied::NotUserManager
        | Denied::NotInvited
        | Denied::TooManyDevices => "form",
        Denied::CodeWrong
        | Denied::CodeUsed
        | Denied::CodeExpired
        | Denied::CodeVoid
        | Denied::CodeNone
        | Denied::UseApp => "code",
        Denied::PasswordWrong => "current",
        Denied::PasswordLength
        | Denied::PasswordLengthWithFactor
        | Denied::PasswordCommon
        | Denied::PasswordPersonal
        | Denied::NewPasswordNeeded => "password",
        Denied::HasAccount
        | Denied::InvitedAlready
        | Denied::OwnDomain
        | Denied::AddressTaken
        | Denied::Address(_) => "email",
        Denied::Phone(_) | Denied::TooManyPhones => "phone",
        Denied::Name => "first_name",
        Denied::Role => "role",
        Denied::TimeZone => "time_zone",
        Denied::Text(field) => field,
        Denied::DeviceName => "name",
    }
}

/// The sentence, in the language of the pages.
pub(super) fn sentence(denied: &Denied) -> String {
    let t = &ENGLISH;
    let number = |sentence: &str, n: u32| fill(sentence, &[("n", &n)]);
    match denied {
        Denied::SignIn => t.sign_in.refused.to_owned(),
        Denied::SignedOut | Denied::Stage => t.sign_in.ended.to_owned(),
        Denied::FactorNeeded => t.code.fresh_lead.to_owned(),
        Denied::PasswordNeeded => t.confirm.lead.to_owned(),
        Denied::PasswordInitial => t.security.password_initial.to_owned(),
        Denied::TooOften => t.form.too_often.to_owned(),
        Denied::Link | Denied::LinkExpired => t.register.dead_title.to_owned(),
        Denied::CodeWrong => t.code.wrong.to_owned(),
        Denied::CodeUsed => t.code.used.to_owned(),
        Denied::CodeExpired => t.code.expired.to_owned(),
        Denied::CodeVoid => t.code.void.to_owned(),
        Denied::CodeNone => t.code.none.to_owned(),
        Denied::UseApp => t.code.use_app.to_owned(),
        Denied::NoApp => t.code.no_app.to_owned(),
        Denied::NoPhone => t.code.no_phone.to_owned(),
        Denied::PasswordWrong => t.security.password_wrong.to_owned(),
        Denied::PasswordLength => number(t.password.length, 15),
        Denied::PasswordLengthWithFactor => number(t.password.length, 8),
        Denied::PasswordCommon => t.password.common.to_owned(),
        Denied::PasswordPersonal => t.password.own_data.to_owned(),
        Denied::NewPasswordNeeded => t.security.off_needs_password.to_owned(),
        Denied::TwoStepEnforced => t.security.forced.to_owned(),
        Denied::Free => t.invite.free.to_owned(),
        Denied::NotUserManager => t.people.not_manager_title.to_owned(),
        Denied::NotInvited => t.people.registered_meanwhile.to_owned(),
        Denied::HasAccount => t.invite.exists.to_owned(),
        Denied::InvitedAlready => t.invite.invited.to_owned(),
        Denied::OwnDomain => t.invite.own_domain.to_owned(),
        Denied::AddressTaken => t.profile.email_taken.to_owned(),
        Denied::Address(_) => t.form.email.to_owned(),
        Denied::Phone(_) => t.form.phone.to_owned(),
        Denied::TooManyPhones => t.profile.phone_too_many.to_owned(),
        Denied::Name => t.form.name.to_owned(),
        Denied::Role => t.form.role.to_owned(),
        Denied::TimeZone => t.profile.bad_zone.to_owned(),
        Denied::Text(_) => t.form.text.to_owned(),
        Denied::DeviceName => t.add_device.name_wrong.to_owned(),
        Denied::TooManyDevices => t.add_device.too_many.to_owned(),
    }
}

/// The mistakes of one form.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Vec<(&'static str, String)>);

impl Mistakes {
    /// None yet.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// The one that a use case found.
    pub(super) fn of_denied(denied: &Denied) -> Self {
        Self(vec![(field_of(denied), sentence(denied))])
    }

    /// One more.
    pub(super) fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.0.push((field, sentence.into()));
    }

    /// Whether the form can go on.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, sentence)| sentence.as_str())
    }
}
