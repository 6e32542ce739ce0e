//! Why the mail half of the store did not do what it was asked: the answers a mail program can get.

use crate::types::MailboxNameError;

use super::{StoreError, is_away, ties};

/// What can go wrong with mailboxes and messages, apart from the database itself.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No mailbox of that name or id, or it was deleted meanwhile (RFC 5530 `NONEXISTENT`).
    #[error("there is no such mailbox")]
    NoMailbox,
    /// CREATE or RENAME to a name that is taken (RFC 5530 `ALREADYEXISTS`).
    #[error("there is already a mailbox of that name")]
    Exists,
    /// The mailbox holds all the keywords it can ([`super::KEYWORDS_MAX`]; RFC 5530 `LIMIT`).
    #[error("the mailbox cannot take another keyword")]
    Full,
    /// DELETE of a `\Noselect` name that has names below it (RFC 5530 `HASCHILDREN`).
    #[error("the mailbox has mailboxes below it")]
    HasChildren,
    /// INBOX can be neither deleted nor created (RFC 9051 §6.3.5), a mailbox not be moved below itself.
    #[error("this cannot be done with this mailbox")]
    Forbidden,
    /// SELECT or a message for a `\Noselect` name.
    #[error("this mailbox holds no messages, only other mailboxes")]
    NotSelectable,
    /// Another mailbox of the account has that special use (RFC 6154 §3 `USEATTR`).
    #[error("another mailbox already has this use")]
    UseTaken,
    /// The account has [`super::MAILBOXES_MAX`] mailboxes or subscriptions.
    #[error("there are too many mailboxes")]
    TooMany,
    /// SETMETADATA beyond what a mailbox or an account may have (RFC 5464 `METADATA TOOMANY`).
    #[error("there are too many annotations")]
    TooManyAnnotations,
    /// R20: Support set a cap and this would go beyond it (RFC 9208 `OVERQUOTA`).
    #[error("the storage set for this account is used up")]
    OverQuota,
    /// The name a rename or a parent would lead to is none.
    #[error(transparent)]
    Name(#[from] MailboxNameError),
    /// A single message that was named is not there any more (RFC 5530 `EXPUNGEISSUED`).
    #[error("there is no such message")]
    NoMessage,
    /// The message's staged bytes are gone (it was pushed too slowly, or twice handed in).
    #[error("the message's bytes are no longer there")]
    StagedGone,
    /// R8: the invited person's mail was moved to the account that the person has, between RCPT and the end of
    /// the data. Nothing was stored; answer 4yz: the next try finds the account.
    #[error("the recipient registered at this very moment")]
    Joined,
    /// COMMIT was sent and no answer came: it may have happened. Answer 451; a retry is recognised (R17).
    #[error("the database went away before it answered")]
    OutcomeUnknown,
    /// The database, or what it holds.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an error of a statement that commits by itself means.
///
/// An answer of the server with an SQLSTATE means that nothing was committed, except when the server
/// was going down; no answer means that nobody knows.
pub(super) fn ended(error: sqlx::Error) -> MailError {
    if is_away(&error) {
        return MailError::OutcomeUnknown;
    }
    match &error {
        sqlx::Error::Database(e) => match e.code().as_deref() {
            Some("PM001") => MailError::StagedGone,
            Some("PM002") => MailError::NoMailbox,
            Some("PM003") => MailError::Full,
            Some("PM004") => MailError::NotSelectable,
            Some("PM005") => MailError::OverQuota,
            Some("PM021") => MailError::Store(ties::untied()),
            _ => match e.constraint() {
                Some("annotation_account_id_mailbox_id_fkey") => MailError::NoMailbox,
                Some("mailbox_name_unique") => MailError::Exists,
                Some("mailbox_one_use") => MailError::UseTaken,
                _ => MailError::Store(error.into()),
            },
        },
        _ => MailError::Store(error.into()),
    }
}
