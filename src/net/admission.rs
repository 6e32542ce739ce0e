//! Who may be connected: permits in total, per address, per account and per device.
//!
//! A device (an app password, R29) gets fewer places than its account, and may sign in only so often: one
//! that runs wild does not keep its owner's others out.
//!
//! A permit is taken when a connection is accepted and given back when it is dropped, so a count
//! never drifts from the connections that exist. Who finds the door full may wait for a place: first come,
//! first served, counted for its address as if it were in, and no more than [`Limits::waiting`] of them, until it
//! has a place or has been told that there is none. So a
//! rush of clients that come and go is worked off at the pace of the machine instead of being told to come again,
//! which would cost a TLS handshake each and bring all of them back.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::types::{AccountId, AppPasswordId};

/// How many connections one door holds at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From everybody together.
    pub total: usize,
    /// From one [`Origin`]. A practice's people may all come from one address.
    pub per_address: usize,
    /// Waiting for a place, or to be told that there is none. A new limit does not change it.
    pub waiting: usize,
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
            waiting: WAITING,
            per_account: 50,
            per_device: 20,
            device_sign_ins: DEVICE_SIGN_INS,
        }
    }
}

/// Twenty a second: far more than a mail program that works.
const DEVICE_SIGN_INS: NonZeroU32 = NonZeroU32::new(1200).unwrap();

/// Each costs a socket and a small task.
const WAITING: usize = 1024;

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
    /// As many wait as may.
    Outside(Outside),
}

/// One connection's place; given back when dropped.
pub struct Permit {
    origin: OriginPlace,
    place: Option<OwnedSemaphorePermit>,
}

/// Somebody who waits for a place; leaves the queue when dropped.
pub struct Waiting {
    origin: OriginPlace,
    _seat: Seat,
}

/// Somebody for whom there is not even room to wait.
pub struct Outside(OriginPlace);

/// A connection's place before it is taken.
pub struct Place(OwnedSemaphorePermit);

/// A place among those who wait.
pub struct Seat(#[expect(dead_code, reason = "held, and given back when dropped")] OwnedSemaphorePermit);

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
            waiting: Arc::new(Semaphore::new(limits.waiting)),
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
    /// [`Full::Address`].
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
        Ok(match self.0.waiting.clone().try_acquire_owned() {
            Ok(seat) => Admitted::Waits(Waiting { origin, _seat: Seat(seat) }),
            Err(_) => Admitted::Outside(Outside(origin)),
        })
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

    /// How many wait for a place, or to be told that there is none.
    pub fn waiting(&self) -> usize {
        self.0.limits.load().waiting.saturating_sub(self.0.waiting.available_permits())
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
    /// Resolves when it is this one's turn. Whoever drops the future stands last the next time.
    pub fn place(&self) -> impl Future<Output = Place> + use<> {
        let places = self.origin.counts.places.clone();
        async move { Place(turn(places).await) }
    }

    /// Takes it.
    pub fn enter(self, place: Place) -> Permit {
        Permit::new(self.origin, place.0)
    }
}

impl Outside {
    /// Resolves when there is room to wait.
    pub async fn seat(&self) -> Seat {
        Seat(turn(self.0.counts.waiting.clone()).await)
    }

    /// Waits from now on.
    pub fn wait(self, seat: Seat) -> Waiting {
        Waiting { origin: self.0, _seat: seat }
    }
}

async fn turn(permits: Arc<Semaphore>) -> OwnedSemaphorePermit {
    match permits.acquire_owned().await {
        Ok(permit) => permit,
        // Nobody closes them.
        Err(_) => std::future::pending().await,
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
    use futures_util::FutureExt as _;

    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse::<IpAddr>().unwrap().into()
    }

    impl Admission {
        fn permit(&self, from: &str) -> Permit {
            match self.admit(origin(from)) {
                Ok(Admitted::Now(permit)) => permit,
                Ok(_) => panic!("has to wait"),
                Err(full) => panic!("{full:?}"),
            }
        }

        fn wait(&self, from: &str) -> Waiting {
            match self.admit(origin(from)) {
                Ok(Admitted::Waits(waiting)) => waiting,
                Ok(_) => panic!("is let in, or kept outside"),
                Err(full) => panic!("{full:?}"),
            }
        }
    }

    /// Waits as a task of its own.
    async fn entered(waiting: Waiting) -> Permit {
        let place = waiting.place().await;
        waiting.enter(place)
    }

    #[tokio::test]
    async fn limits_hold_and_places_come_back() {
        let door = Admission::new(Limits { total: 3, per_address: 2, per_account: 1, ..Limits::default() });
        let a = door.permit("192.0.2.1");
        let _b = door.permit("192.0.2.1");
        assert_eq!(door.admit(origin("192.0.2.1")).err(), Some(Full::Address));
        let _c = door.permit("192.0.2.2");
        assert!(door.wait("192.0.2.3").place().now_or_never().is_none());
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
        let first = tokio::spawn(entered(door.wait("192.0.2.1")));
        tokio::task::yield_now().await;
        // Who waits counts for its address.
        assert_eq!(door.admit(origin("192.0.2.1")).err(), Some(Full::Address));
        let second = tokio::spawn(entered(door.wait("192.0.2.2")));
        tokio::task::yield_now().await;
        drop(inside);
        // It comes after the place is free, and has to queue all the same.
        let third = door.wait("192.0.2.3");
        let first = first.await.unwrap();
        assert!(!second.is_finished());
        drop(first);
        let second = second.await.unwrap();
        // Who goes away while waiting leaves nothing behind.
        drop(third);
        drop(second);
        assert_eq!(door.connected(), 0);
        assert!(door.0.by_origin.lock().is_empty());
        assert_eq!(door.waiting(), 0);
        drop(door.permit("192.0.2.4"));
    }

    #[tokio::test]
    async fn the_queue_is_bounded() {
        let limits = Limits { total: 0, waiting: 2, per_address: 3, ..Limits::default() };
        let door = Admission::new(limits);
        let mut queue: Vec<_> = (0..2).map(|_| door.wait("192.0.2.1")).collect();
        let Ok(Admitted::Outside(outside)) = door.admit(origin("192.0.2.1")) else { panic!("there is room") };
        // Outside, too, it counts for its address.
        assert_eq!(door.admit(origin("192.0.2.1")).err(), Some(Full::Address));
        assert!(outside.seat().now_or_never().is_none());
        queue.pop();
        let seat = outside.seat().now_or_never().expect("somebody has left the queue");
        queue.push(outside.wait(seat));
        drop(queue);
        drop(door.wait("192.0.2.1"));
        assert!(door.0.by_origin.lock().is_empty());
    }

    #[tokio::test]
    async fn new_limits_count_for_the_next() {
        let limits = |total| Limits { total, per_address: 9, ..Limits::default() };
        let door = Admission::new(limits(1));
        let a = door.permit("192.0.2.1");
        let waits = tokio::spawn(entered(door.wait("192.0.2.1")));
        tokio::task::yield_now().await;
        door.set_limits(limits(3));
        let b = waits.await.unwrap();
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
