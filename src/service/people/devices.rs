//! Sign-ins and devices: web sign-ins and app passwords (R29).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::session::LIFE;
use super::session::full;
use super::{AppPasswordId, Denied, People, PeopleError, Secret, Session};
use crate::service::device_setup::{LINK_LIFE, random_link};
use crate::store::AppPasswordError;

/// Longest name of a device, in characters.
const NAME_MAX: usize = 100;
/// Revoked app passwords are listed for so long.
const LISTED: Duration = Duration::from_hours(30 * 24);

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
    /// For [`People::sign_in_end`]; it signs nobody in.
    pub handle: String,
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
    /// What its mail program calls itself.
    pub client: Option<String>,
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

impl From<AppPasswordError> for PeopleError {
    fn from(e: AppPasswordError) -> Self {
        match e {
            AppPasswordError::Name => Denied::DeviceName.into(),
            AppPasswordError::TooMany => Denied::TooManyDevices.into(),
            AppPasswordError::Store(e) => e.into(),
            other => Self::Ours(Box::new(other)),
        }
    }
}

/// A name that a list can show.
fn checked(name: &str) -> Result<(), PeopleError> {
    if name.chars().count() > NAME_MAX { Err(Denied::DeviceName.into()) } else { Ok(()) }
}

impl People {
    /// What is signed in, and what could.
    ///
    /// # Errors
    /// [`Denied::Stage`].
    pub async fn devices(&self, session: &Session) -> Result<Devices, PeopleError> {
        let web = full(session)?;
        let account = session.account.id;
        let now = self.0.clock.now();
        let signed_in = self.0.store.web_sign_ins(account, LIFE).await?;
        let mut devices: Vec<Device> = self
            .0
            .store
            .app_passwords(account)
            .await?
            .into_iter()
            .map(|d| Device {
                id: d.id,
                name: d.name,
                created_at: d.created_at,
                last_used_at: d.last_used_at,
                last_used_from: d.last_used_from,
                client: d.last_client,
                revoked_at: d.revoked_at,
            })
            .collect();
        devices
            .retain(|d| d.revoked_at.is_none_or(|at| now.duration_since(at).unwrap_or_default() <= LISTED));
        devices.sort_by_key(|d| d.revoked_at.is_some());
        Ok(Devices {
            web: signed_in
                .into_iter()
                .map(|s| WebSignIn {
                    this_one: s.key == web.key,
                    handle: URL_SAFE_NO_PAD.encode(s.key),
                    user_agent: s.user_agent,
                    address: s.from_address,
                    created_at: s.created_at,
                    active_at: s.active_at,
                })
                .collect(),
            devices,
        })
    }

    /// R29: makes an app password; the secret is shown this once. Needs a fresh factor, even with two-step off.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::DeviceName`], [`Denied::TooManyDevices`], [`Denied::SignedOut`].
    pub async fn device_create(
        &self,
        session: &Session,
        name: &str,
    ) -> Result<(AppPasswordId, Secret), PeopleError> {
        let web = self.0.fresh(session)?;
        checked(name)?;
        let made = self.0.store_of(session).web_app_password(web, name).await?;
        Ok(made.ok_or(Denied::SignedOut)?)
    }

    /// R29: opens a one-time link that sets a device up and makes its app password there and then; the token, as
    /// it stands in the address ([`device_link`](crate::service::device_setup::device_link)). Needs a fresh
    /// factor, even with two-step off. The link ends with the account's web sign-ins.
    ///
    /// # Errors
    /// [`Denied::FactorNeeded`], [`Denied::DeviceName`], [`Denied::TooManyDevices`], [`Denied::SignedOut`].
    pub async fn device_link(&self, session: &Session, name: &str) -> Result<Secret, PeopleError> {
        let web = self.0.fresh(session)?;
        checked(name)?;
        let token = random_link()?;
        let expires = self.0.clock.now() + LINK_LIFE;
        if self.0.store_of(session).web_device_link(web, &token, name, expires).await? {
            Ok(token)
        } else {
            Err(Denied::SignedOut.into())
        }
    }

    /// R29: revokes one; its connections end within 5 seconds. `false`: it was revoked already or is not the
    /// account's.
    ///
    /// # Errors
    /// [`Denied::Stage`].
    pub async fn device_revoke(&self, session: &Session, id: AppPasswordId) -> Result<bool, PeopleError> {
        full(session)?;
        Ok(self.0.store_of(session).app_password_revoke(session.account.id, id).await?)
    }
}
