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
    /// One invitation of a person who has not registered yet (R15).
    InvitationId
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

impl BodyId {
    /// EMAILID (RFC 8474 §5.1): the same content, the same id, in whatever mailbox it is shown. Letters
    /// first, so that no program takes it for a number (§8.1).
    pub fn object_id(self) -> String {
        format!("M{}", self.0.as_simple())
    }

    /// The message of an EMAILID, spelled exactly as [`object_id`](Self::object_id) does.
    pub fn of_object_id(text: &str) -> Option<Self> {
        let id = Self(uuid::Uuid::try_parse(text.strip_prefix('M')?).ok()?);
        (id.object_id() == text).then_some(id)
    }
}

impl MailboxId {
    /// MAILBOXID (RFC 8474 §4): stays through RENAME, is never used again after DELETE.
    pub fn object_id(self) -> String {
        format!("F{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8474 §7: case counts, and nothing else is the same id.
    #[test]
    fn object_ids_have_one_spelling() {
        let id = BodyId(uuid::Uuid::from_u128(0xabc));
        assert_eq!(id.object_id(), "M00000000000000000000000000000abc");
        assert_eq!(BodyId::of_object_id(&id.object_id()), Some(id));
        for other in
            ["M00000000000000000000000000000ABC", "m00000000000000000000000000000abc", "M1", "", "F1"]
        {
            assert_eq!(BodyId::of_object_id(other), None, "{other}");
        }
        assert_eq!(MailboxId(7).object_id(), "F7");
    }
}
