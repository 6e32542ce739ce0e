//! Who may be connected: permits in total, per address, per account and per device.
//!
//! A device (an app password, R29) gets fewer places than its account, and may sign in only so often: one
//! that runs wild does not keep its owner's others out.
//!
//! A permit is taken when a connection is accepted and given back when it is dropped, so a count
//! never drifts from the connections that exist. Who finds the door full may wait for a place: first come,
//! first served, counted for its address as if it were in, and no more than [`WAITING_AT_ONCE`] of them. So a
//! rush of clients that come and go is worked off at the pace of the machine instead of being told to come again,
//! which would cost a TLS handshake each and bring all of them back.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

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

/// Connections that wait for a place at one door, at most. Each costs a socket and a small task.
pub const WAITING_AT_ONCE: usize = 1024;

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
    places: Arc<Semaphore>,
    size: Mutex<Size>,
    connected: AtomicUsize,
    waiting: Arc<Semaphore>,
    by_origin: Mutex<HashMap<Origin, usize>>,
    by_account: Mutex<HashMap<AccountId, usize>>,
    by_device: Mutex<HashMap<AppPasswordId, usize>>,
    device_rate: ArcSwap<DefaultKeyedRateLimiter<AppPasswordId>>,
    since_sweep: AtomicU32,
}

/// How many places there are, and how many of those taken are to vanish when they come back, since the limit
/// has been lowered below what was connected.
struct Size {
    total: usize,
    too_many: usize,
}

/// What somebody gets who comes to the door.
pub enum Admitted {
    /// A place.
    Now(Permit),
    /// The door is full, but one may wait.
    Waits(Waiting),
}

/// One connection's place; given back when dropped.
pub struct Permit {
    origin: OriginPlace,
    place: Option<OwnedSemaphorePermit>,
}

/// Somebody who waits for a place; leaves the queue when dropped.
pub struct Waiting {
    origin: OriginPlace,
    _seat: OwnedSemaphorePermit,
}

/// One of what an address may have.
struct OriginPlace {
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
            places: Arc::new(Semaphore::new(limits.total.min(Semaphore::MAX_PERMITS))),
            size: Mutex::new(Size { total: limits.total.min(Semaphore::MAX_PERMITS), too_many: 0 }),
            connected: AtomicUsize::new(0),
            waiting: Arc::new(Semaphore::new(WAITING_AT_ONCE)),
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
        self.0.resize(limits.total.min(Semaphore::MAX_PERMITS));
    }

    /// A place for a connection from `origin`, or in the queue for one.
    ///
    /// # Errors
    /// Which limit is reached; [`Full::Total`] when as many wait as may.
    pub fn admit(&self, origin: Origin) -> Result<Admitted, Full> {
        let per_address = self.0.limits.load().per_address;
        if !count_up(&mut self.0.by_origin.lock(), origin, per_address) {
            return Err(Full::Address);
        }
        let origin = OriginPlace { counts: self.0.clone(), origin };
        // Nobody passes those who wait: what comes back is theirs before it can be had here.
        if let Ok(place) = self.0.places.clone().try_acquire_owned() {
            return Ok(Admitted::Now(Permit::new(origin, place)));
        }
        let seat = self.0.waiting.clone().try_acquire_owned().map_err(|_| Full::Total)?;
        Ok(Admitted::Waits(Waiting { origin, _seat: seat }))
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
        self.0.connected.load(Ordering::Acquire)
    }
}

impl Counts {
    fn resize(&self, total: usize) {
        let mut size = self.size.lock();
        if total < size.total {
            let fewer = size.total - total;
            size.too_many += fewer - self.places.forget_permits(fewer);
        } else {
            let more = total - size.total;
            let kept = more.min(size.too_many);
            size.too_many -= kept;
            self.places.add_permits(more - kept);
        }
        size.total = total;
    }
}

impl Permit {
    fn new(origin: OriginPlace, place: OwnedSemaphorePermit) -> Self {
        origin.counts.connected.fetch_add(1, Ordering::AcqRel);
        Self { origin, place: Some(place) }
    }
}

impl Waiting {
    /// A place, when it is this one's turn within `patience`.
    ///
    /// # Errors
    /// [`Full::Total`].
    pub async fn place(self, patience: Duration) -> Result<Permit, Full> {
        let places = self.origin.counts.places.clone();
        match timeout(patience, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(Permit::new(self.origin, place)),
            // It is never closed.
            Ok(Err(_)) | Err(_) => Err(Full::Total),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let counts = &self.origin.counts;
        counts.connected.fetch_sub(1, Ordering::AcqRel);
        let Some(place) = self.place.take() else { return };
        let mut size = counts.size.lock();
        if size.too_many > 0 {
            size.too_many -= 1;
            place.forget();
        }
    }
}

impl Drop for OriginPlace {
    fn drop(&mut self) {
        count_down(&mut self.counts.by_origin.lock(), self.origin);
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

    impl Admission {
        fn permit(&self, from: &str) -> Permit {
            match self.admit(origin(from)) {
                Ok(Admitted::Now(permit)) => permit,
                Ok(Admitted::Waits(_)) => panic!("has to wait"),
                Err(full) => panic!("{full:?}"),
            }
        }

        fn wait(&self, from: &str) -> Waiting {
            match self.admit(origin(from)) {
                Ok(Admitted::Waits(waiting)) => waiting,
                Ok(Admitted::Now(_)) => panic!("is let in"),
                Err(full) => panic!("{full:?}"),
            }
        }
    }

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn limits_hold_and_places_come_back() {
        let door = Admission::new(Limits { total: 3, per_address: 2, per_account: 1, ..Limits::default() });
        let a = door.permit("192.0.2.1");
        let _b = door.permit("192.0.2.1");
        assert_eq!(door.admit(origin("192.0.2.1")).err(), Some(Full::Address));
        let _c = door.permit("192.0.2.2");
        assert_eq!(door.wait("192.0.2.3").place(Duration::ZERO).await.err(), Some(Full::Total));
        assert_eq!(door.connected(), 3);
        drop(a);
        drop(door.permit("192.0.2.1"));
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

    #[tokio::test]
    async fn who_waits_longest_is_next_and_nobody_passes() {
        let door = Admission::new(Limits { total: 1, per_address: 2, ..Limits::default() });
        let inside = door.permit("192.0.2.1");
        let first = tokio::spawn(door.wait("192.0.2.1").place(MINUTE));
        tokio::task::yield_now().await;
        // Who waits counts for its address.
        assert_eq!(door.admit(origin("192.0.2.1")).err(), Some(Full::Address));
        let second = tokio::spawn(door.wait("192.0.2.2").place(MINUTE));
        tokio::task::yield_now().await;
        drop(inside);
        // It comes after the place is free, and has to queue all the same.
        let third = door.wait("192.0.2.3");
        let first = first.await.unwrap().unwrap();
        assert!(!second.is_finished());
        drop(first);
        let second = second.await.unwrap().unwrap();
        // Who goes away while waiting leaves nothing behind.
        drop(third);
        drop(second);
        assert_eq!(door.connected(), 0);
        assert!(door.0.by_origin.lock().is_empty());
        assert_eq!(door.0.waiting.available_permits(), WAITING_AT_ONCE);
        drop(door.permit("192.0.2.4"));
    }

    #[test]
    fn the_queue_is_bounded() {
        let limits = Limits { total: 0, per_address: WAITING_AT_ONCE + 2, ..Limits::default() };
        let door = Admission::new(limits);
        let queue: Vec<_> = (0..WAITING_AT_ONCE).map(|_| door.wait("192.0.2.1")).collect();
        assert_eq!(door.admit(origin("192.0.2.1")).err(), Some(Full::Total));
        drop(queue);
        door.wait("192.0.2.1");
    }

    #[tokio::test]
    async fn new_limits_count_for_the_next() {
        let limits = |total| Limits { total, per_address: 9, ..Limits::default() };
        let door = Admission::new(limits(1));
        let a = door.permit("192.0.2.1");
        let waits = tokio::spawn(door.wait("192.0.2.1").place(MINUTE));
        tokio::task::yield_now().await;
        door.set_limits(limits(3));
        let b = waits.await.unwrap().unwrap();
        let c = door.permit("192.0.2.1");
        // Fewer than are in: those stay, and two places vanish as they go.
        door.set_limits(limits(1));
        drop(a);
        drop(b);
        drop(door.wait("192.0.2.1"));
        drop(c);
        let _d = door.permit("192.0.2.1");
        drop(door.wait("192.0.2.1"));
        // And a raise after a lowering gives back what was to vanish.
        let _e = {
            door.set_limits(limits(2));
            door.permit("192.0.2.1")
        };
        door.set_limits(limits(1));
        door.set_limits(limits(2));
        drop(door.wait("192.0.2.1"));
    }
}
