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
mod denied;
mod devices;
mod factor;
mod invite;
mod manage;
mod profile;
mod register;
mod reset;
mod session;
mod sign_in;
mod support;

use std::sync::Arc;
use std::time::Duration;

pub use self::account::{AccountView, Dashboard, Product};
pub use self::denied::{Denied, PeopleError};
pub use self::devices::{Device, Devices, WebSignIn};
pub use self::factor::{CodeSent, Enrolment, Proof};
pub use self::invite::{Invited, NewInvitation};
pub use self::manage::{Correction, PersonListed, PracticePeople, Standing};
pub use self::profile::{Messaging, NotifyBy, NotifyWhen, Profile, ProfileChange};
pub use self::register::{InvitationPage, Registration};
pub use self::session::{Activity, Factor, Session, SessionToken, Stage, Visitor};
pub use self::sign_in::SignedIn;
use super::portal_password::PortalPasswords;
use crate::clock::Clock;
pub use crate::store::{Account, AccountState, Role};
use crate::store::Store;
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
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            refusal_floor: Duration::from_millis(400),
            portal_url: "https://portal.invalid".to_owned(),
            invitations_per_day: 20,
            codes_per_hour: 10,
            links_per_hour: 3,
        }
    }
}

/// R5: without activity for so long, a web sign-in ends.
pub const IDLE: Duration = Duration::from_mins(30);
/// A web sign-in ends after so long, whatever happens in it.
pub const ABSOLUTE: Duration = Duration::from_hours(12);
/// R29: a factor proved within this time is fresh.
pub const FRESH: Duration = Duration::from_mins(5);
/// R3: a code is good for so long.
pub const CODE_LIFE: Duration = Duration::from_mins(10);
/// An invitation's link is good for so long.
pub const INVITATION_LIFE: Duration = Duration::from_hours(7 * 24);
/// A reset link, or a link to a new address, is good for so long.
pub const LINK_LIFE: Duration = Duration::from_hours(1);

/// How a code travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A text message.
    Text,
    /// A call that reads the digits.
    Voice,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct People(Arc<Inner>);

pub(crate) struct Inner {
    store: Store,
    clock: Clock,
    passwords: PortalPasswords,
    settings: Settings,
}

impl People {
    /// Over a store. `passwords` is the process's one pair of hashing threads.
    pub fn new(store: Store, clock: Clock, passwords: PortalPasswords, settings: Settings) -> Self {
        Self(Arc::new(Inner { store, clock, passwords, settings }))
    }
}
