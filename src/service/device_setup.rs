//! A phone set up by a one-time link (R29): the link carries the right to one app password, which is made
//! when the link is used, goes into the profile, and is stored nowhere else.
//!
//! At the portal `People::device_link` offers it, which asks for a fresh second factor, as for any app password.

use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::Clock;
pub use crate::store::AppPasswordError;
use crate::store::{Account, KeyError, Store, StoreError};
use crate::types::{AccountId, Origin, Secret};

/// How long a link works: the time to point a phone at the screen.
pub const LINK_LIFE: Duration = Duration::from_mins(10);

/// Random bytes of a link.
const TOKEN: usize = 32;

/// What the token of a link is appended to: the page of [`DeviceSetup::device`].
pub fn device_link(portal_url: &str) -> String {
    format!("{}/device/", portal_url.trim_end_matches('/'))
}

/// A new link's token, as it stands in its address.
pub(super) fn random_link() -> Result<Secret, StoreError> {
    let mut random = zeroize::Zeroizing::new([0u8; TOKEN]);
    rand::fill(random.as_mut()).map_err(|_| StoreError::from(KeyError::Random))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random.as_ref()).into_bytes()))
}

/// The use case. Cheap to clone.
#[derive(Clone)]
pub struct DeviceSetup {
    store: Store,
    clock: Clock,
}

/// What a link was exchanged for.
pub struct NewDevice {
    /// Whose it is.
    pub account: Account,
    /// Its app password; it can be read here and never again.
    pub app_password: Secret,
}

impl DeviceSetup {
    /// Over a store.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Opens a link for a device of that name, for Support; the token, as it stands in the address.
    ///
    /// # Errors
    /// [`AppPasswordError::Name`] for a device's name that cannot be, [`AppPasswordError::TooMany`]; else our
    /// fault.
    pub async fn offer(&self, account: AccountId, device: &str) -> Result<Secret, AppPasswordError> {
        let token = random_link()?;
        let expires = self.clock.now() + LINK_LIFE;
        self.store.device_link_add(account, &token, device, expires).await?;
        Ok(token)
    }

    /// The name of the device that a link is for; `None`: it is past its time, used, or never was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn device(&self, token: &Secret) -> Result<Option<String>, StoreError> {
        self.store.device_link_name(token).await
    }

    /// Exchanges a link for an app password, once; `peer` is the device, for the audit log.
    ///
    /// # Errors
    /// [`AppPasswordError::TooMany`]; the others are our fault. The link is used up.
    pub async fn take(&self, token: &Secret, peer: IpAddr) -> Result<Option<NewDevice>, AppPasswordError> {
        let Some((account, device)) = self.store.device_link_take(token).await? else { return Ok(None) };
        let account = self.store.account(account).await?.ok_or(AppPasswordError::NoAccount)?;
        // Who holds the link acts for its owner.
        let store = self.store.acting_as(Origin::account(account.id, Some(peer)));
        let (_, app_password) = store.app_password_create(account.id, &device).await?;
        Ok(Some(NewDevice { account, app_password }))
    }
}
