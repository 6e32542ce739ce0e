//! How often somebody may knock at the entries of the people's side, before anything is looked up.
//!
//! Kept by what was typed (the address to sign in with), known or not, in this process; a door keeps its own
//! count by peer address (`net::SignInGate`). What must hold on all gateways together (codes, links,
//! invitations) is counted in the database instead.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// Which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Entry {
    /// Address and password.
    SignIn,
    /// "I forgot my password".
    Reset,
    /// A code, by whatever factor.
    Prove,
}

type Limiter = RateLimiter<
    (Entry, u64),
    DashMapStateStore<(Entry, u64)>,
    MonotonicClock,
    NoOpMiddleware<std::time::Instant>,
>;

/// One for all doors of the process.
pub(super) struct Entries {
    limiter: Limiter,
    since_sweep: AtomicU32,
}

impl Entries {
    /// How many knocks pass between two sweeps.
    const SWEEP_EVERY: u32 = 1024;

    /// `per_minute` knocks, and as many at once after a quiet time.
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        let quota = Quota::per_minute(per_minute);
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), MonotonicClock);
        Self { limiter, since_sweep: AtomicU32::new(0) }
    }

    /// Whether this one may go on; counted.
    pub(super) fn may(&self, entry: Entry, who: &str) -> bool {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) % Self::SWEEP_EVERY == Self::SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
        }
        // Texts of a stranger's choice are not kept, whatever their length.
        let mut hasher = DefaultHasher::new();
        who.trim().to_lowercase().hash(&mut hasher);
        self.limiter.check_key(&(entry, hasher.finish())).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_and_entry_has_its_own_count() {
        let entries = Entries::new(NonZeroU32::new(2).unwrap());
        assert!(
            entries.may(Entry::SignIn, "anna@a.example") && entries.may(Entry::SignIn, " Anna@a.example")
        );
        assert!(!entries.may(Entry::SignIn, "anna@a.example"));
        assert!(entries.may(Entry::SignIn, "bert@a.example") && entries.may(Entry::Reset, "anna@a.example"));
    }
}
