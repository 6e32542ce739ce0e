//! One person's mailboxes: what the IMAP door may ask of them.
//!
//! Invariants: an [`AccountMail`] is made from an [`Identity`] alone, so nobody reaches another's mail by
//! a wrong id: every statement behind it names the account.

use std::collections::HashMap;
use std::sync::Arc;

use crate::service::authenticate::Identity;
pub use crate::store::Present;
use crate::store::Store;
pub use crate::store::{
    ANNOTATION_SIZE_MAX, Annotation, Copied, FlagsStored, LiveMailbox, MailError, MailboxInfo, MailboxState,
    RecentChanges, Row, Usage,
};
use crate::types::{
    AccountId, AnnotationName, AuditAction, AuditNote, BodyId, FlagChange, Flags, Keyword, MailboxId,
    MailboxName, ModSeq, SpecialUse,
};

/// Everybody's mail, to be narrowed to one person's.
#[derive(Clone)]
pub struct Mail {
    store: Store,
}

impl Mail {
    /// Over a store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The mail of somebody who signed in.
    pub fn of(&self, identity: &Identity) -> AccountMail {
        AccountMail { store: self.store.acting_as(identity.origin()), account: identity.account }
    }
}

/// One person's mail. Cheap to clone.
#[derive(Clone)]
pub struct AccountMail {
    pub(super) store: Store,
    pub(super) account: AccountId,
}

impl AccountMail {
    /// A mail program is connected (R23) as long as the answer lives.
    pub fn present(&self) -> Present {
        self.store.present(self.account)
    }

    /// Enters in the audit log that bodies of messages were read.
    pub fn note_read(&self, mailbox: MailboxId, uids: impl IntoIterator<Item = u32>) {
        self.store.audit_read(self.store.origin(), self.account, mailbox, uids);
    }

    /// Unix seconds, by the clock that dates messages.
    pub fn now(&self) -> i64 {
        self.store.unix_now()
    }

    /// All mailboxes, INBOX first, then by name; one statement.
    pub async fn list(&self) -> Result<Vec<MailboxInfo>, MailError> {
        Ok(self.store.mailboxes(self.account).await?)
    }

    /// One mailbox with its counters.
    ///
    /// # Errors
    /// [`MailError::NoMailbox`] when there is none of that name.
    pub async fn find(&self, name: &MailboxName) -> Result<MailboxInfo, MailError> {
        self.store.mailbox(self.account, name).await?.ok_or(MailError::NoMailbox)
    }

    /// As [`find`](Self::find), for a mailbox that is to hold messages.
    ///
    /// # Errors
    /// [`MailError::NotSelectable`] for a name that is kept for its children alone.
    pub async fn find_selectable(&self, name: &MailboxName) -> Result<MailboxInfo, MailError> {
        let info = self.find(name).await?;
        if info.selectable { Ok(info) } else { Err(MailError::NotSelectable) }
    }

    /// Opens a mailbox: its state, shared with whoever has it open too, as it is now.
    pub async fn open(&self, id: MailboxId) -> Result<Arc<LiveMailbox>, MailError> {
        self.store.open_mailbox(self.account, id).await
    }

    /// As [`open`](Self::open), by name.
    ///
    /// # Errors
    /// As [`find_selectable`](Self::find_selectable).
    pub async fn open_named(&self, name: &MailboxName) -> Result<Arc<LiveMailbox>, MailError> {
        self.store.open_mailbox_named(self.account, name).await
    }

    /// CREATE, parents included.
    pub async fn create(
        &self,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
    ) -> Result<MailboxId, MailError> {
        self.store.create_mailbox(self.account, name, special_use).await
    }

    /// DELETE.
    pub async fn delete(&self, name: &MailboxName) -> Result<(), MailError> {
        let mailbox = self.store.mailbox(self.account, name).await?.map(|info| info.id);
        self.store.delete_mailbox(self.account, name).await?;
        let mut note = AuditNote::done(AuditAction::DeleteMailbox).account(self.account);
        if let Some(id) = mailbox {
            note = note.mailbox(id);
        }
        self.store.audit_note(note);
        Ok(())
    }

    /// RENAME, children included; of INBOX: its messages move (RFC 9051 §6.3.6).
    pub async fn rename(&self, from: &MailboxName, to: &MailboxName) -> Result<(), MailError> {
        self.store.rename_mailbox(self.account, from, to).await
    }

    /// SUBSCRIBE; the mailbox need not exist.
    pub async fn subscribe(&self, name: &MailboxName) -> Result<(), MailError> {
        self.store.subscribe(self.account, name).await
    }

    /// UNSUBSCRIBE.
    pub async fn unsubscribe(&self, name: &MailboxName) -> Result<(), MailError> {
        self.store.unsubscribe(self.account, name).await
    }

    /// The subscribed names, ascending.
    pub async fn subscriptions(&self) -> Result<Vec<MailboxName>, MailError> {
        Ok(self.store.subscriptions(self.account).await?)
    }

    /// The annotations of a mailbox, or with `None` of the account (RFC 5464), by name.
    pub async fn annotations(&self, mailbox: Option<MailboxId>) -> Result<Vec<Annotation>, MailError> {
        Ok(self.store.annotations(self.account, mailbox).await?)
    }

    /// The annotations of all mailboxes that have any.
    pub async fn annotations_of_mailboxes(&self) -> Result<HashMap<MailboxId, Vec<Annotation>>, MailError> {
        Ok(self.store.annotations_of_mailboxes(self.account).await?)
    }

    /// Sets annotations, all or none; `None` removes one. Whether that changed anything.
    pub async fn set_annotations(
        &self,
        mailbox: Option<MailboxId>,
        changes: &[(AnnotationName, Option<Vec<u8>>)],
    ) -> Result<bool, MailError> {
        self.store.set_annotations(self.account, mailbox, changes).await
    }

    /// Changes when something in any mailbox may have changed, names, subscriptions and annotations
    /// included, from now on.
    pub fn watch(&self) -> tokio::sync::watch::Receiver<u64> {
        self.store.watch_account(self.account)
    }

    /// Storage and number of messages (R20).
    pub async fn usage(&self) -> Result<Usage, MailError> {
        Ok(self.store.usage(self.account).await?)
    }

    /// Changes flags; what really changed, and what UNCHANGEDSINCE left out.
    pub async fn store_flags(
        &self,
        mailbox: MailboxId,
        uids: &[u32],
        change: FlagChange,
        flags: Flags,
        unchanged_since: Option<ModSeq>,
    ) -> Result<FlagsStored, MailError> {
        self.store.store_flags(self.account, mailbox, uids, change, flags, unchanged_since).await
    }

    /// The bits of keywords; new ones are made.
    ///
    /// # Errors
    /// [`MailError::Full`] when the mailbox has no bit left.
    pub async fn make_keywords(&self, mailbox: MailboxId, keywords: &[Keyword]) -> Result<Flags, MailError> {
        self.store.keyword_bits(self.account, mailbox, keywords, true).await
    }

    /// The bits of keywords, as far as the mailbox has them.
    pub async fn known_keywords(&self, mailbox: MailboxId, keywords: &[Keyword]) -> Result<Flags, MailError> {
        self.store.keyword_bits(self.account, mailbox, keywords, false).await
    }

    /// COPY.
    pub async fn copy(&self, from: MailboxId, uids: &[u32], to: MailboxId) -> Result<Copied, MailError> {
        self.store.copy(self.account, from, uids, to).await
    }

    /// MOVE.
    pub async fn move_messages(
        &self,
        from: MailboxId,
        uids: &[u32],
        to: MailboxId,
    ) -> Result<Copied, MailError> {
        self.store.move_messages(self.account, from, uids, to).await
    }

    /// Removes what is `\Deleted`, among `uids` if given.
    pub async fn expunge(&self, mailbox: MailboxId, uids: Option<&[u32]>) -> Result<Vec<u32>, MailError> {
        let gone = self.store.expunge(self.account, mailbox, uids).await?;
        self.store.audit_uids(AuditAction::Delete, self.account, mailbox, gone.iter().copied());
        Ok(gone)
    }

    /// The content of one message and its size in bytes; `None`: not there.
    pub async fn message_at(&self, mailbox: MailboxId, uid: u32) -> Result<Option<(BodyId, u64)>, MailError> {
        Ok(self.store.message_at(self.account, mailbox, uid).await?)
    }

    /// When messages were saved (RFC 8514): UID and Unix seconds, ascending.
    pub async fn saved_at(
        &self,
        mailbox: MailboxId,
        uids: std::ops::RangeInclusive<u32>,
    ) -> Result<Vec<(u32, i64)>, MailError> {
        Ok(self.store.saved_at(self.account, mailbox, uids).await?)
    }

    /// What was expunged after `modseq` (RFC 7162 §3.2.6), as ascending, disjoint ranges of UIDs; `None`
    /// when that is no longer known exactly.
    pub async fn expunged_since(
        &self,
        mailbox: MailboxId,
        modseq: ModSeq,
    ) -> Result<Option<Vec<(u32, u32)>>, MailError> {
        self.store.expunged_since(self.account, mailbox, modseq).await
    }

    /// Takes `\Recent` of all messages below `uidnext` that nobody had; the first such UID.
    pub async fn claim_recent(&self, mailbox: MailboxId, uidnext: u32) -> Result<u32, MailError> {
        self.store.claim_recent(self.account, mailbox, uidnext).await
    }

    /// The first UID whose `\Recent` nobody took, and how many messages there are from it on.
    pub async fn unclaimed_recent(&self, mailbox: MailboxId) -> Result<(u32, u32), MailError> {
        Ok(self.store.unclaimed_recent(self.account, mailbox).await?)
    }
}
