//! The people's side: signing in to the portal, invitation, registration, profile (R1–R8, R15, R16, R29).
//!
//! A door (portal, CLI) calls one method per form. Invariants:
//! * Whatever must survive is in PostgreSQL and changes in one transaction, the notice and the audit entry with
//!   it; a gateway that dies between two steps leaves a state from which the person can go on, at any gateway.
//! * Tokens, codes and passwords come in as [`Secret`]s and are stored as keyed hashes (passwords: argon2id).
//! * A known and an unknown address get the same answer at the same time.
//! * No GET changes anything but "the link was opened": links are consumed by the methods that forms post to.
//! * Limits per account hold on all gateways together; a door adds its own per peer address before it asks.
//!
//! Where a method takes a [`Session`], the door got it from [`People::resume`] for this very request.

mod account;
mod breached;
mod denied;
mod devices;
mod entry;
mod factor;
mod invite;
mod manage;
mod password;
mod profile;
mod register;
mod reset;
mod session;
mod sign_in;

use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use self::account::{AccountView, Dashboard};
pub use self::breached::BreachedPasswords;
pub use self::denied::{Denied, PeopleError};
pub use self::devices::{Device, Devices, WebSignIn};
pub use self::factor::{CodeSent, Enrolment, Proof};
pub use self::invite::{Invited, NewInvitation};
pub use self::manage::{Correction, PersonListed, PracticePeople, Standing};
pub use self::profile::{CodesGo, OtherPhone, Profile, ProfileChange, password_strength, time_zones};
pub use self::register::{InvitationPage, Registration};
pub use self::session::{
    Activity, BROWSER_LIFE, Factor, KnownBrowser, Session, SessionToken, Stage, Visitor,
};
pub use self::sign_in::SignedIn;
use super::portal_password::PortalPasswords;
use crate::clock::Clock;
use crate::store::Store;
pub use crate::store::{Account, AccountState, Messaging, NotifyBy, NotifyWhen, Product, Role};
pub use crate::types::{AccountId, Address, AppPasswordId, InvitationId, Phone, PracticeId, Secret, Tier};

/// How the people's side behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A refused sign-in and the answer to a request for a reset are given no sooner than this.
    pub refusal_floor: Duration,
    /// Base address of the portal, without a slash at the end; links begin with it.
    pub portal_url: String,
    /// R27: invitations that one account may make in 24 hours.
    pub invitations_per_day: u32,
    /// Codes that one account can be sent in an hour.
    pub codes_per_hour: u32,
    /// Reset links, and email-change links, that one account can be sent in an hour.
    pub links_per_hour: u32,
    /// Tries a minute for one address or account at each entry, in one gateway.
    pub tries_per_minute: NonZeroU32,
    /// R18: most bytes of attachments in one message, where the practice has no limit of its own.
    pub attachment_limit: u64,
    /// Passwords known from breaches, beside the bundled list.
    pub breached: Option<BreachedPasswords>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            refusal_floor: Duration::from_millis(400),
            portal_url: "https://portal.invalid".to_owned(),
            invitations_per_day: 20,
            codes_per_hour: 10,
            links_per_hour: 3,
            tries_per_minute: NonZeroU32::MIN.saturating_add(19),
            attachment_limit: 100 << 20,
            breached: None,
        }
    }
}

/// R5: without activity for so long, a web sign-in ends.
pub const IDLE: Duration = Duration::from_mins(30);
/// A web sign-in ends after so long, whatever happens in it.
pub const ABSOLUTE: Duration = Duration::from_hours(12);
/// R29: a factor proved, or a password typed, within this time is fresh.
pub const FRESH: Duration = Duration::from_mins(5);

/// What the token of an invitation is appended to: the page of [`People::invitation_look`].
pub fn invitation_link(portal_url: &str) -> String {
    format!("{}/invitation/", portal_url.trim_end_matches('/'))
}

/// The same for a reset link: the page of [`People::reset_look`].
pub fn reset_link(portal_url: &str) -> String {
    format!("{}/reset/", portal_url.trim_end_matches('/'))
}

/// The same for a link to a new email address: the page of [`People::email_look`].
pub fn email_link(portal_url: &str) -> String {
    format!("{}/email/", portal_url.trim_end_matches('/'))
}

/// How a code travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A text message.
    Text,
    /// A call that reads the digits.
    Voice,
}

impl Channel {
    fn of_notice(self) -> crate::types::Channel {
        match self {
            Self::Text => crate::types::Channel::Text,
            Self::Voice => crate::types::Channel::Voice,
        }
    }
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct People(Arc<Inner>);

pub(crate) struct Inner {
    store: Store,
    clock: Clock,
    passwords: PortalPasswords,
    settings: Settings,
    entries: entry::Entries,
    decoy: OnceLock<String>,
}

impl People {
    /// Over a store. `passwords` is the process's one pair of hashing threads.
    pub fn new(store: Store, clock: Clock, passwords: PortalPasswords, settings: Settings) -> Self {
        let entries = entry::Entries::new(settings.tries_per_minute);
        Self(Arc::new(Inner { store, clock, passwords, settings, entries, decoy: OnceLock::new() }))
    }
}
