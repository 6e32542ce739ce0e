//! The words every room shares: numbers of IMAP, addresses, flags, mailbox names, secrets.
//!
//! Invariants: values are checked where they are made, so a function that takes one need not check
//! again. Imports nothing of postern, never tokio.

mod address;
mod annotation;
mod audit;
mod flags;
mod ids;
mod mailbox_name;
mod notice;
mod numbers;
mod phone;
mod search_key;
mod secret;
mod sequence_set;
mod signing;
mod sort;

pub use address::{Address, AddressError};
pub use annotation::{AnnotationName, AnnotationNameError};
pub use audit::{Actor, AuditAction, AuditNote, AuditResult, Origin, SupportName, SupportNameError};
pub use flags::{FlagChange, Flags, Keyword, KeywordError, SystemFlag};
pub use ids::{AccountId, AppPasswordId, BodyId, InvitationId, MailboxId, NoticeId, PracticeId, SealKeyId};
pub use mailbox_name::{MailboxName, MailboxNameError, SpecialUse};
pub use notice::{Channel, NoticeContent, NoticeKind};
pub use numbers::{ModSeq, SeqNum, Uid, UidValidity, uid_ranges};
pub use phone::{Phone, PhoneError};
pub use search_key::{AddressField, DateOrder, SearchKey};
pub use secret::Secret;
pub use sequence_set::{MessageSet, SequenceSet};
pub use signing::SigningScheme;
pub use sort::{SortBy, SortCriterion, SortOrder, ThreadBy};

/// Free accounts only reply, paid ones compose (R7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Replies only (R14).
    Free,
    /// Composes.
    Paid,
}

impl Tier {
    /// The word the database and the CLI use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paid => "paid",
        }
    }
}

impl std::str::FromStr for Tier {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "free" => Ok(Self::Free),
            "paid" => Ok(Self::Paid),
            other => Err(format!("\"{other}\" is not a tier: free or paid")),
        }
    }
}
