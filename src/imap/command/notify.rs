//! NOTIFY (RFC 5465).

use super::{FetchItem, MailboxFilter};

/// NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notify {
    /// `NONE`
    None,
    /// `SET`
    Set(NotifySet),
}

/// What a client wants to hear of, command or no command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifySet {
    /// `STATUS`: how the mailboxes stand is told first (§3.1).
    pub status: bool,
    /// Of the mailbox that is selected; `None`: nothing.
    pub selected: Option<SelectedEvents>,
    /// Of the others, and of names.
    pub groups: Vec<EventGroup>,
}

/// What is told of the selected mailbox (§6.1): `MessageNew` and `MessageExpunge` always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectedEvents {
    /// `selected` or `selected-delayed`
    pub expunges: WhenExpunged,
    /// What is fetched of each new message (§5.2).
    pub new_items: Vec<FetchItem>,
    /// `FlagChange`
    pub flag_change: bool,
}

/// When the client hears that a message of the selected mailbox is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenExpunged {
    /// At once: it counts by UID (§6.1.1).
    AtOnce,
    /// With a command that allows it (§6.1.2).
    WithCommand,
}

/// Mailboxes, and what is told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventGroup {
    /// Never [`MailboxFilter::Selected`].
    pub mailboxes: MailboxFilter,
    /// None at all: nothing is told of these mailboxes, whatever another group says.
    pub events: Events,
}

/// What may happen to a mailbox or its name (§5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyEvent {
    /// §5.2
    MessageNew,
    /// §5.3
    MessageExpunge,
    /// §5.1
    FlagChange,
    /// §5.4
    MailboxName,
    /// §5.5
    SubscriptionChange,
    /// §5.6
    MailboxMetadataChange,
    /// §5.7
    ServerMetadataChange,
}

impl NotifyEvent {
    /// All that are known; `AnnotationChange` is for servers with RFC 5257.
    pub const ALL: [Self; 7] = [
        Self::MessageNew,
        Self::MessageExpunge,
        Self::FlagChange,
        Self::MailboxName,
        Self::SubscriptionChange,
        Self::MailboxMetadataChange,
        Self::ServerMetadataChange,
    ];

    /// As written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessageNew => "MessageNew",
            Self::MessageExpunge => "MessageExpunge",
            Self::FlagChange => "FlagChange",
            Self::MailboxName => "MailboxName",
            Self::SubscriptionChange => "SubscriptionChange",
            Self::MailboxMetadataChange => "MailboxMetadataChange",
            Self::ServerMetadataChange => "ServerMetadataChange",
        }
    }

    /// `message-event` of §8.
    pub fn is_of_messages(self) -> bool {
        matches!(self, Self::MessageNew | Self::MessageExpunge | Self::FlagChange)
    }
}

/// A set of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events(u8);

impl Events {
    /// With this one too.
    #[must_use]
    pub fn with(self, event: NotifyEvent) -> Self {
        Self(self.0 | 1 << event as u8)
    }

    /// What is in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is in.
    pub fn has(self, event: NotifyEvent) -> bool {
        self.0 & 1 << event as u8 != 0
    }

    /// Whether none is.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one of messages is in.
    pub fn of_messages(self) -> bool {
        NotifyEvent::ALL.into_iter().any(|event| event.is_of_messages() && self.has(event))
    }
}
