//! Who may be connected: permits in total, per address and per account.
//!
//! A permit is taken when a connection is accepted and given back when it is dropped, so a count
//! never drifts from the connections that exist.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::types::AccountId;

/// How many connections one door holds at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From everybody together.
    pub total: usize,
    /// From one [`Origin`]. A practice's people may all come from one address.
    pub per_address: usize,
    /// Signed in to one account.
    pub per_account: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total: 10_000, per_address: 500, per_account: 50 }
    }
}

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

/// The counts of one door; cheap to clone. Doors of one protocol share one.
#[derive(Clone)]
pub struct Admission(Arc<Counts>);

struct Counts {
    limits: ArcSwap<Limits>,
    total: AtomicUsize,
    by_origin: Mutex<HashMap<Origin, usize>>,
    by_account: Mutex<HashMap<AccountId, usize>>,
}

/// One connection's place; given back when dropped.
pub struct Permit {
    counts: Arc<Counts>,
    origin: Origin,
}

/// One signed-in connection's place in its account; given back when dropped.
pub struct AccountPermit {
    counts: Arc<Counts>,
    account: AccountId,
}

impl Admission {
    /// Nobody connected yet.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Counts {
            limits: ArcSwap::from_pointee(limits),
            total: AtomicUsize::new(0),
            by_origin: Mutex::default(),
            by_account: Mutex::default(),
        }))
    }

    /// New limits; connections that exist stay.
    pub fn set_limits(&self, limits: Limits) {
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

    /// A place for a connection that signed in to `account`; `None` when the account has its fill.
    pub fn admit_account(&self, account: AccountId) -> Option<AccountPermit> {
        let limit = self.0.limits.load().per_account;
        count_up(&mut self.0.by_account.lock(), account, limit)
            .then(|| AccountPermit { counts: self.0.clone(), account })
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
        let door = Admission::new(Limits { total: 3, per_address: 2, per_account: 1 });
        let a = door.admit(origin("192.0.2.1")).ok().unwrap();
        let _b = door.admit(origin("192.0.2.1")).ok().unwrap();
        assert_eq!(door.admit(origin("192.0.2.1")).err(), Some(Full::Address));
        let _c = door.admit(origin("192.0.2.2")).ok().unwrap();
        assert_eq!(door.admit(origin("192.0.2.3")).err(), Some(Full::Total));
        assert_eq!(door.connected(), 3);
        drop(a);
        assert!(door.admit(origin("192.0.2.1")).is_ok());
        assert_eq!(door.connected(), 2);

        let one = door.admit_account(AccountId(1)).unwrap();
        assert!(door.admit_account(AccountId(1)).is_none());
        assert!(door.admit_account(AccountId(2)).is_some());
        drop(one);
        assert!(door.admit_account(AccountId(1)).is_some());
        assert!(door.0.by_account.lock().is_empty());
    }

    #[test]
    fn one_subscriber_is_one_origin() {
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff:1"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), origin("192.0.2.1"));
    }

    #[test]
    fn new_limits_count_for_the_next() {
        let door = Admission::new(Limits { total: 1, per_address: 1, per_account: 1 });
        let _a = door.admit(origin("192.0.2.1")).ok().unwrap();
        door.set_limits(Limits { total: 2, per_address: 2, per_account: 1 });
        assert!(door.admit(origin("192.0.2.1")).is_ok());
    }
}
