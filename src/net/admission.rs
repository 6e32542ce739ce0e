//! Who may be connected: permits in total, per address, per account and per device.
//!
//! A device (an app password, R29) gets fewer places than its account, and may sign in only so often: one
//! that runs wild does not keep its owner's others out.
//!
//! A permit is taken when a connection is accepted and given back when it is dropped, so a count
//! never drifts from the connections that exist.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;

use crate::types::{AccountId, AppPasswordId};

/// How many connections one door holds at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From everybody together.
    pub total: usize,
    /// From one [`Origin`]. A practice's people may all come from one address.
    pub per_address: usize,
    /// Signed in to one account.
    pub per_account: usize,
    /// Signed in from one device.
    pub per_device: usize,
    /// Sign-ins of one device, at once and in a minute.
    pub device_sign_ins: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: 10_000,
            per_address: 500,
            per_account: 50,
            per_device: 20,
            device_sign_ins: DEVICE_SIGN_INS,
        }
    }
}

/// Twenty a second: far more than a mail program that works.
const DEVICE_SIGN_INS: NonZeroU32 = NonZeroU32::new(1200).unwrap();

/// After so many sign-ins, devices that have been quiet are forgotten.
const SWEEP_EVERY: u32 = 4096;

/// Where a peer comes from, as far as limits care: an IPv4 address, or an IPv6 network of 64 bits
/// (what one subscriber has).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin(IpAddr);

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The door's total.
    Total,
    /// The peer's address.
    Address,
}

impl Full {
    /// The word for metrics and traces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Address => "address",
        }
    }
}

/// Why somebody who signed in gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountFull {
    /// The account has its fill of connections.
    Account,
    /// The device has.
    Device,
    /// The device signs in too often.
    TooOften,
}

/// The counts of one door; cheap to clone. Doors of one protocol share one.
#[derive(Clone)]
pub struct Admission(Arc<Counts>);

struct Counts {
    limits: ArcSwap<Limits>,
    total: AtomicUsize,
    by_origin: Mutex<HashMap<Origin, usize>>,
    by_account: Mutex<HashMap<AccountId, usize>>,
    by_device: Mutex<HashMap<AppPasswordId, usize>>,
    device_rate: ArcSwap<DefaultKeyedRateLimiter<AppPasswordId>>,
    since_sweep: AtomicU32,
}

/// One connection's place; given back when dropped.
pub struct Permit {
    counts: Arc<Counts>,
    origin: Origin,
}

/// One signed-in connection's place in its account, and of its device; given back when dropped.
pub struct AccountPermit {
    counts: Arc<Counts>,
    account: AccountId,
    device: AppPasswordId,
}

impl Admission {
    /// Nobody connected yet.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Counts {
            limits: ArcSwap::from_pointee(limits),
            total: AtomicUsize::new(0),
            by_origin: Mutex::default(),
            by_account: Mutex::default(),
            by_device: Mutex::default(),
            device_rate: ArcSwap::from_pointee(RateLimiter::keyed(Quota::per_minute(limits.device_sign_ins))),
            since_sweep: AtomicU32::new(0),
        }))
    }

    /// New limits; connections that exist stay.
    pub fn set_limits(&self, limits: Limits) {
        if self.0.limits.load().device_sign_ins != limits.device_sign_ins {
            let rate = RateLimiter::keyed(Quota::per_minute(limits.device_sign_ins));
            self.0.device_rate.store(Arc::new(rate));
        }
        self.0.limits.store(Arc::new(limits));
    }

    /// A place for a connection from `origin`.
    ///
    /// # Errors
    /// Which limit is reached.
    pub fn admit(&self, origin: Origin) -> Result<Permit, Full> {
        let limits = **self.0.limits.load();
        let below = |n| (n < limits.total).then_some(n + 1);
        self.0.total.fetch_update(Ordering::AcqRel, Ordering::Acquire, below).map_err(|_| Full::Total)?;
        if count_up(&mut self.0.by_origin.lock(), origin, limits.per_address) {
            Ok(Permit { counts: self.0.clone(), origin })
        } else {
            self.0.total.fetch_sub(1, Ordering::AcqRel);
            Err(Full::Address)
        }
    }

    /// A place for a connection that signed in to `account` with the app password of `device`.
    ///
    /// # Errors
    /// Which limit is reached.
    pub fn admit_account(
        &self,
        account: AccountId,
        device: AppPasswordId,
    ) -> Result<AccountPermit, AccountFull> {
        let limits = **self.0.limits.load();
        let rate = self.0.device_rate.load();
        if self.0.since_sweep.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            rate.retain_recent();
        }
        rate.check_key(&device).map_err(|_| AccountFull::TooOften)?;
        if !count_up(&mut self.0.by_device.lock(), device, limits.per_device) {
            return Err(AccountFull::Device);
        }
        if !count_up(&mut self.0.by_account.lock(), account, limits.per_account) {
            count_down(&mut self.0.by_device.lock(), device);
            return Err(AccountFull::Account);
        }
        Ok(AccountPermit { counts: self.0.clone(), account, device })
    }

    /// How many connections there are.
    pub fn connected(&self) -> usize {
        self.0.total.load(Ordering::Acquire)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        count_down(&mut self.counts.by_origin.lock(), self.origin);
        self.counts.total.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for AccountPermit {
    fn drop(&mut self) {
        count_down(&mut self.counts.by_account.lock(), self.account);
        count_down(&mut self.counts.by_device.lock(), self.device);
    }
}

fn count_up<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K, limit: usize) -> bool {
    if limit == 0 {
        return false;
    }
    let n = counts.entry(key).or_insert(0);
    if *n >= limit {
        return false;
    }
    *n += 1;
    true
}

/// Forgets keys that reach nought, so the map is no larger than what is connected.
fn count_down<K: Eq + Hash + Copy>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(n) = counts.get_mut(&key) {
        *n -= 1;
        if *n == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn limits_hold_and_places_come_back() {
        let door = Admission::new(Limits { total: 3, per_address: 2, per_account: 1, ..Limits::default() });
        let a = door.admit(origin("192.0.2.1")).ok().unwrap();
        let _b = door.admit(origin("192.0.2.1")).ok().unwrap();
        assert_eq!(door.admit(origin("192.0.2.1")).err(), Some(Full::Address));
        let _c = door.admit(origin("192.0.2.2")).ok().unwrap();
        assert_eq!(door.admit(origin("192.0.2.3")).err(), Some(Full::Total));
        assert_eq!(door.connected(), 3);
        drop(a);
        assert!(door.admit(origin("192.0.2.1")).is_ok());
        assert_eq!(door.connected(), 2);

        let admit = |account, device| door.admit_account(AccountId(account), AppPasswordId(device));
        let one = admit(1, 1).ok().unwrap();
        assert_eq!(admit(1, 2).err(), Some(AccountFull::Account));
        assert!(admit(2, 3).is_ok());
        drop(one);
        assert!(admit(1, 2).is_ok());
        assert!(door.0.by_account.lock().is_empty() && door.0.by_device.lock().is_empty());
    }

    #[test]
    fn one_runaway_device_leaves_places_for_the_others() {
        let few = NonZeroU32::new(4).unwrap();
        let limits = Limits { per_account: 3, per_device: 2, device_sign_ins: few, ..Limits::default() };
        let door = Admission::new(limits);
        let admit = |device| door.admit_account(AccountId(1), AppPasswordId(device));
        let held = [admit(1).ok().unwrap(), admit(1).ok().unwrap()];
        assert_eq!(admit(1).err(), Some(AccountFull::Device));
        assert!(admit(2).is_ok());
        drop(held);
        assert!(admit(1).is_ok());
        // The fifth sign-in of that device, not of the other.
        assert_eq!(admit(1).err(), Some(AccountFull::TooOften));
        assert!(admit(2).is_ok());
        door.set_limits(Limits { device_sign_ins: NonZeroU32::new(100).unwrap(), ..limits });
        assert!(admit(1).is_ok());
    }

    #[test]
    fn one_subscriber_is_one_origin() {
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff:1"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
    }

    #[test]
    fn new_limits_count_for_the_next() {
        let door = Admission::new(Limits { total: 1, per_address: 1, ..Limits::default() });
        let _a = door.admit(origin("192.0.2.1")).ok().unwrap();
        door.set_limits(Limits { total: 2, per_address: 2, ..Limits::default() });
        assert!(door.admit(origin("192.0.2.1")).is_ok());
    }
}
