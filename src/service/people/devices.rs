//! Sign-ins and devices: web sign-ins and app passwords (R29).

use std::time::SystemTime;

use super::{AppPasswordId, People, PeopleError, Secret, Session};

/// One web sign-in in use.
#[derive(Clone, Debug)]
pub struct WebSignIn {
    /// `User-Agent`, cut.
    pub user_agent: String,
    /// The peer's address when it began.
    pub address: String,
    /// When it began.
    pub created_at: SystemTime,
    /// Last activity, to about a minute.
    pub active_at: SystemTime,
    /// The one that asks.
    pub this_one: bool,
}

/// R29: one mail program's password.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its number, for [`People::device_revoke`].
    pub id: AppPasswordId,
    /// What the owner called the device.
    pub name: String,
    /// When it was made.
    pub created_at: SystemTime,
    /// To about five minutes.
    pub last_used_at: Option<SystemTime>,
    /// The peer's address at that time.
    pub last_used_from: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<SystemTime>,
}

/// All of both.
#[derive(Clone, Debug)]
pub struct Devices {
    /// Newest activity first.
    pub web: Vec<WebSignIn>,
    /// In use first, then the revoked of the last 30 days.
    pub devices: Vec<Device>,
}

impl People {
    /// What is signed in, and what could.
    ///
    /// # Errors
    /// [`super::Denied::Stage`].
    pub async fn devices(&self, session: &Session) -> Result<Devices, PeopleError> {
        let _ = session;
        unimplemented!()
    }

    /// R29: makes an app password; the secret is shown this once. Needs a fresh factor, even with two-step off.
    ///
    /// # Errors
    /// [`super::Denied::FactorNeeded`], [`super::Denied::DeviceName`], [`super::Denied::TooManyDevices`].
    pub async fn device_create(&self, session: &Session, name: &str) -> Result<(AppPasswordId, Secret), PeopleError> {
        let _ = (session, name);
        unimplemented!()
    }

    /// R29: revokes one; its connections end within 5 seconds. `false`: it was revoked already or is not the account's.
    ///
    /// # Errors
    /// [`PeopleError::Ours`].
    pub async fn device_revoke(&self, session: &Session, id: AppPasswordId) -> Result<bool, PeopleError> {
        let _ = (session, id);
        unimplemented!()
    }
}
