//! What leaves the house: kinds of notices, their content, and how they travel.
//!
//! Invariant (R11): no kind has room for a subject, a text, an attachment name or anything of a patient.

use std::time::Duration;

use super::Secret;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How a notice travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// By mail to the ordinary address.
    Email,
    /// A text message to the phone.
    Text,
    /// A call that reads it aloud.
    Voice,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Email, Self::Text, Self::Voice];

    /// The word of the database and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Text => "text",
            Self::Voice => "voice",
        }
    }

    /// The other way round.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == word)
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident, $word:literal, $lifetime:expr;)+) => {
        /// What a notice is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum NoticeKind { $($(#[doc = $doc])+ $kind,)+ }

        impl NoticeKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The word of the database and the CLI.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $word,)+ }
            }

            /// After so long it is not sent any more: what it says would no longer be true.
            pub fn lifetime(self) -> Duration {
                Duration::from_secs(match self { $(Self::$kind => $lifetime,)+ })
            }
        }
    };
}

kinds! {
    /// R15, R16: somebody wrote to a person who has no account.
    Invitation, "invitation", 7 * DAY;
    /// R23: there is something to read.
    SecureMessage, "secure-message", DAY;
    /// R2: a link to choose a new portal password.
    ResetLink, "reset-link", HOUR;
    /// R2, R3: a code that proves the phone.
    PhoneCode, "phone-code", 10 * MINUTE;
    /// R6: a link that proves a new email address.
    EmailLink, "email-link", HOUR;
    /// R6: to the old address, after a change.
    EmailChanged, "email-changed", 3 * DAY;
    /// R6: the phone number was changed.
    PhoneChanged, "phone-changed", 3 * DAY;
    /// The portal password was changed.
    PasswordChanged, "password-changed", 3 * DAY;
    /// R2, R3: two-step verification turned on or off, an app set up or taken away, new recovery codes.
    SecondStepChanged, "second-step-changed", 3 * DAY;
    /// R4: five wrong secrets, or Support.
    AccountLocked, "account-locked", 3 * DAY;
    /// R4: unlocked by Support, with a reset link.
    AccountUnlocked, "account-unlocked", HOUR;
    /// A sign-in from a browser not seen before.
    NewSignIn, "new-sign-in", DAY;
    /// R29: a mail program was given a password.
    NewAppPassword, "new-app-password", DAY;
    /// Support looked into the account's mail (break-glass).
    SupportRead, "support-read", 7 * DAY;
    /// Support took a copy of the account's mail out.
    MailExported, "mail-exported", 7 * DAY;
}

impl NoticeKind {
    /// The other way round.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.as_str() == word)
    }
}

/// What a notice says. Links and codes are secrets: whoever reads them can act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeContent {
    /// See [`NoticeKind::Invitation`].
    Invitation {
        /// To the registration page.
        link: Secret,
        /// First and last name of the invited person, as the inviter wrote them.
        name: String,
        /// First and last name of who writes.
        inviter: String,
        /// That person's practice.
        practice: Option<String>,
    },
    /// See [`NoticeKind::SecureMessage`].
    SecureMessage,
    /// See [`NoticeKind::ResetLink`].
    ResetLink {
        /// To the page that sets a new password.
        link: Secret,
    },
    /// See [`NoticeKind::PhoneCode`].
    PhoneCode {
        /// Digits alone.
        code: Secret,
    },
    /// See [`NoticeKind::EmailLink`].
    EmailLink {
        /// To the page that takes the new address over.
        link: Secret,
    },
    /// See [`NoticeKind::EmailChanged`].
    EmailChanged,
    /// See [`NoticeKind::PhoneChanged`].
    PhoneChanged,
    /// See [`NoticeKind::PasswordChanged`].
    PasswordChanged,
    /// See [`NoticeKind::SecondStepChanged`].
    SecondStepChanged,
    /// See [`NoticeKind::AccountLocked`].
    AccountLocked,
    /// See [`NoticeKind::AccountUnlocked`].
    AccountUnlocked {
        /// To the page that sets a new password.
        link: Secret,
    },
    /// See [`NoticeKind::NewSignIn`].
    NewSignIn {
        /// Browser and system, in words.
        device: String,
        /// IP address.
        address: String,
    },
    /// See [`NoticeKind::NewAppPassword`].
    NewAppPassword {
        /// What its owner called it.
        device: String,
    },
    /// See [`NoticeKind::SupportRead`].
    SupportRead,
    /// See [`NoticeKind::MailExported`].
    MailExported,
}

impl NoticeContent {
    /// What it is about.
    pub fn kind(&self) -> NoticeKind {
        match self {
            Self::Invitation { .. } => NoticeKind::Invitation,
            Self::SecureMessage => NoticeKind::SecureMessage,
            Self::ResetLink { .. } => NoticeKind::ResetLink,
            Self::PhoneCode { .. } => NoticeKind::PhoneCode,
            Self::EmailLink { .. } => NoticeKind::EmailLink,
            Self::EmailChanged => NoticeKind::EmailChanged,
            Self::PhoneChanged => NoticeKind::PhoneChanged,
            Self::PasswordChanged => NoticeKind::PasswordChanged,
            Self::SecondStepChanged => NoticeKind::SecondStepChanged,
            Self::AccountLocked => NoticeKind::AccountLocked,
            Self::AccountUnlocked { .. } => NoticeKind::AccountUnlocked,
            Self::NewSignIn { .. } => NoticeKind::NewSignIn,
            Self::NewAppPassword { .. } => NoticeKind::NewAppPassword,
            Self::SupportRead => NoticeKind::SupportRead,
            Self::MailExported => NoticeKind::MailExported,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::parse(kind.as_str()), Some(*kind));
        }
        for channel in Channel::ALL {
            assert_eq!(Channel::parse(channel.as_str()), Some(channel));
        }
    }

    #[test]
    fn links_and_codes_are_not_shown() {
        let notice = NoticeContent::PhoneCode { code: Secret::new("314159") };
        assert!(!format!("{notice:?}").contains("314159"));
    }
}
