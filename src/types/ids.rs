//! Database identities. Never shown to a mail program except where an RFC asks for an opaque id.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// One person.
    AccountId
);
id!(
    /// One customer organisation.
    PracticeId
);
id!(
    /// One mailbox of one account; an id is never used twice.
    MailboxId
);
id!(
    /// One device's password (R29).
    AppPasswordId
);
id!(
    /// A practice's (or an unattached account's) key that wraps data keys.
    SealKeyId
);

/// One notice; also the idempotency key that providers are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub uuid::Uuid);

impl std::fmt::Display for NoticeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A stored message, immutable, shared by every mailbox entry that shows it.
///
/// Not the `Message-ID` header, which the sender chooses. Version 7, so that inserts are in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BodyId(pub uuid::Uuid);
