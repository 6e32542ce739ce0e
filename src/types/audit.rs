//! Who did what, as the audit log has it.
//!
//! Invariant: ids and the words of this program alone; never content, a subject, a person's name or an
//! address of mail. (Support people are named: that is what the log is for.)

use std::net::IpAddr;

use super::{AccountId, AppPasswordId, MailboxId, PracticeId};

/// Name of a person of Support: 1 to 64 letters, digits, spaces and `._-@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportName(String);

/// Why it is none.
#[derive(Debug, thiserror::Error)]
#[error("the name of a Support person has 1 to 64 characters: letters, digits, spaces and . _ - @")]
pub struct SupportNameError;

impl std::str::FromStr for SupportName {
    type Err = SupportNameError;

    fn from_str(text: &str) -> Result<Self, SupportNameError> {
        let text = text.trim();
        let fine = |c: char| c.is_alphanumeric() || " ._-@".contains(c);
        if text.is_empty() || text.chars().count() > 64 || !text.chars().all(fine) {
            return Err(SupportNameError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl SupportName {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one name have in common: letters and digits, without regard to case. Whether two
    /// people are meant is judged by it.
    pub fn folded(&self) -> String {
        use unicode_normalization::UnicodeNormalization as _;
        self.0.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person with an account, signed in.
    Account(AccountId),
    /// A person of Support, at the command line.
    Support(SupportName),
    /// This program by itself.
    System,
    /// Somebody who has not shown who they are.
    Stranger,
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Support(name) => write!(f, "support:{}", name.0),
            Self::System => f.write_str("system"),
            Self::Stranger => f.write_str("stranger"),
        }
    }
}

/// Who acts, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who.
    pub actor: Actor,
    /// The peer, where there is a connection.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// This program by itself.
    pub fn system() -> Self {
        Self { actor: Actor::System, address: None }
    }

    /// Somebody signed in.
    pub fn account(id: AccountId, address: Option<IpAddr>) -> Self {
        Self { actor: Actor::Account(id), address }
    }

    /// Somebody of Support, here.
    pub fn support(name: SupportName) -> Self {
        Self { actor: Actor::Support(name), address: None }
    }

    /// Somebody not signed in.
    pub fn stranger(address: IpAddr) -> Self {
        Self { actor: Actor::Stranger, address: Some(address) }
    }
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $action:ident, $word:literal;)+) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditAction { $($(#[doc = $doc])+ $action,)+ }

        impl AuditAction {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$action),+];

            /// The word in the log.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$action => $word,)+ }
            }
        }
    };
}

actions! {
    /// Tried to sign in; the detail names the door.
    SignIn, "sign-in";
    /// Signed out, or was signed out.
    SignOut, "sign-out";
    /// Gave a second factor (R2, R3).
    SecondFactor, "second-factor";
    /// Locked (R4).
    Lock, "lock";
    /// Unlocked (R4).
    Unlock, "unlock";
    /// Ended all sign-ins of an account.
    EndSignIns, "end-sign-ins";
    /// Sent a message.
    Send, "send";
    /// Read bodies of messages; the detail holds their UIDs.
    Read, "read";
    /// Printed or exported messages.
    Export, "export";
    /// Put messages from files into an account.
    Import, "import";
    /// Told the system that a backup was restored.
    BackupRestored, "backup-restored";
    /// Asked to see an account's mail (break-glass).
    AccessAsk, "access-ask";
    /// Approved that another person sees it.
    AccessApprove, "access-approve";
    /// Refused that, or gave it up.
    AccessEnd, "access-end";
    /// Expunged messages; the detail holds their UIDs.
    Delete, "delete";
    /// Deleted a mailbox with what it held.
    DeleteMailbox, "delete-mailbox";
    /// Made an account.
    AccountCreate, "account-create";
    /// Changed an account; the detail names the fields.
    AccountChange, "account-change";
    /// Closed an account.
    AccountClose, "account-close";
    /// Changed a tier (R7).
    TierChange, "tier-change";
    /// Gave the User Manager privilege (R8).
    Grant, "grant";
    /// Took it back.
    TakeBack, "take-back";
    /// Set or removed a portal password.
    PasswordChange, "password-change";
    /// Asked for a reset link.
    PasswordReset, "password-reset";
    /// Turned two-step verification on (R2, R3).
    TwoStepOn, "two-step-on";
    /// Turned it off.
    TwoStepOff, "two-step-off";
    /// Made an app password (R29).
    AppPasswordCreate, "app-password-create";
    /// Revoked one.
    AppPasswordRevoke, "app-password-revoke";
    /// Opened a one-time link that sets a device up (R29).
    DeviceLink, "device-link";
    /// Made a practice.
    PracticeCreate, "practice-create";
    /// Changed a practice.
    PracticeChange, "practice-change";
    /// Invited a person (R15).
    Invite, "invite";
    /// Corrected an invited person (R8).
    InvitationChange, "invitation-change";
    /// Had an invitation sent again.
    InvitationResend, "invitation-resend";
    /// Took an invitation back.
    InvitationRevoke, "invitation-revoke";
    /// Registered by an invitation (R16).
    Register, "register";
    /// Had a notice that could not be sent tried again.
    NoticeRetry, "notice-retry";
    /// Exported the audit log.
    AuditExport, "audit-export";
    /// Pruned old years of the audit log.
    AuditPrune, "audit-prune";
    /// Began a new version of the master key, or wrapped the seal keys with it.
    KeysRotate, "keys-rotate";
    /// Put a new version of the master key into the key file.
    KeysPrepare, "keys-prepare";
    /// Took versions of the master key out of the key file.
    KeysRetire, "keys-retire";
    /// Tied mailbox entries of before to their messages, once in a database's life.
    EntriesTie, "entries-tie";
    /// Had the search index built anew.
    SearchReindex, "search-reindex";
    /// Destroyed a practice's seal key, and with it all that it sealed.
    PracticeErase, "practice-erase";
    /// Brought back messages that were expunged.
    Restore, "restore";
    /// Set a legal hold, or ended it.
    LegalHold, "legal-hold";
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditResult {
    /// It happened.
    Done,
    /// It was refused.
    Refused,
}

impl AuditResult {
    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// One thing that happened; who did it, when and where is added by the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditNote {
    /// What.
    pub action: AuditAction,
    /// How it ended.
    pub result: AuditResult,
    /// Whose account it concerns.
    pub account: Option<AccountId>,
    /// What else: `mailbox:12`.
    pub object: Option<String>,
    /// `key=value` words of this program, at most a few hundred bytes.
    pub detail: Option<String>,
}

impl AuditNote {
    /// It happened.
    pub fn done(action: AuditAction) -> Self {
        Self { action, result: AuditResult::Done, account: None, object: None, detail: None }
    }

    /// It was refused.
    pub fn refused(action: AuditAction) -> Self {
        Self { result: AuditResult::Refused, ..Self::done(action) }
    }

    /// Concerns this account.
    #[must_use]
    pub fn account(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    /// Concerns this mailbox.
    #[must_use]
    pub fn mailbox(self, mailbox: MailboxId) -> Self {
        self.object("mailbox", mailbox)
    }

    /// Concerns this practice.
    #[must_use]
    pub fn practice(self, practice: PracticeId) -> Self {
        self.object("practice", practice)
    }

    /// Concerns this app password.
    #[must_use]
    pub fn app_password(self, id: AppPasswordId) -> Self {
        self.object("app-password", id)
    }

    /// Concerns something else that has a number: `kind:id`.
    #[must_use]
    pub fn object(self, kind: &'static str, id: impl std::fmt::Display) -> Self {
        Self { object: Some(format!("{kind}:{id}")), ..self }
    }

    /// With a detail: words of this program, never of a person.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_support() {
        for good in ["ida", "Ida Berg", "i.berg@support", "Jörg"] {
            assert_eq!(Actor::Support(good.parse().unwrap()).to_string(), format!("support:{good}"));
        }
        for bad in ["", "  ", "a\nb", "a:b", &"x".repeat(65)] {
            assert!(bad.parse::<SupportName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_person_in_two_spellings() {
        let folded = |name: &str| name.parse::<SupportName>().unwrap().folded();
        for same in ["IDA BERG", "ida.berg", "Ida  Berg", "ida_berg", "Ｉda Berg"] {
            assert_eq!(folded(same), folded("Ida Berg"), "{same}");
        }
        assert_ne!(folded("Ida Berg"), folded("Ina Berg"));
    }

    #[test]
    fn actions_are_told_apart() {
        let words: std::collections::HashSet<_> = AuditAction::ALL.iter().map(|a| a.as_str()).collect();
        assert_eq!(words.len(), AuditAction::ALL.len());
    }
}
