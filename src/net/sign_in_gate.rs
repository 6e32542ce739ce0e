//! How often one origin may try to sign in (before any account is looked up).
//!
//! R4 locks an account at the fifth wrong secret; this keeps one address from locking a whole
//! practice, and from trying one secret on every account. Two quotas: attempts (generous, since phones
//! reconnect all day, and a practice shares one address) and failures (tight).

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use parking_lot::Mutex;

use super::Origin;

/// Quotas of one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInLimits {
    /// Attempts a minute.
    pub attempts_per_minute: NonZeroU32,
    /// Attempts at once, after a quiet time.
    pub attempts_burst: NonZeroU32,
    /// Failures a minute.
    pub failures_per_minute: NonZeroU32,
    /// Failures at once, after a quiet time.
    pub failures_burst: NonZeroU32,
    /// How long an origin that failed too often is turned away.
    pub pause: Duration,
}

impl Default for SignInLimits {
    fn default() -> Self {
        const fn n(n: u32) -> NonZeroU32 {
            match NonZeroU32::new(n) {
                Some(n) => n,
                None => NonZeroU32::MIN,
            }
        }
        Self {
            attempts_per_minute: n(30_000),
            attempts_burst: n(10_000),
            failures_per_minute: n(60),
            failures_burst: n(300),
            pause: Duration::from_secs(30),
        }
    }
}

/// Monotonic time; a wall clock set back would shut everybody out. A test brings its own.
#[derive(Clone)]
struct Monotonic(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock for Monotonic {
    type Instant = Instant;

    fn now(&self) -> Instant {
        (self.0)()
    }
}

type Limiter = RateLimiter<Origin, DashMapStateStore<Origin>, Monotonic, NoOpMiddleware<Instant>>;

/// One for all doors of the process.
pub struct SignInGate {
    attempts: Limiter,
    failures: Limiter,
    time: Monotonic,
    pause: Duration,
    paused_until: Mutex<HashMap<Origin, Instant>>,
    since_sweep: AtomicU32,
}

impl SignInGate {
    /// How many attempts pass between two sweeps of origins that have been quiet.
    const SWEEP_EVERY: u32 = 4096;

    /// Nobody has tried yet.
    pub fn new(limits: SignInLimits) -> Self {
        Self::with_time(limits, Monotonic(Arc::new(Instant::now)))
    }

    fn with_time(limits: SignInLimits, time: Monotonic) -> Self {
        let limiter = |per_minute, burst| {
            let quota = Quota::per_minute(per_minute).allow_burst(burst);
            RateLimiter::new(quota, DashMapStateStore::default(), time.clone())
        };
        Self {
            attempts: limiter(limits.attempts_per_minute, limits.attempts_burst),
            failures: limiter(limits.failures_per_minute, limits.failures_burst),
            time,
            pause: limits.pause,
            paused_until: Mutex::default(),
            since_sweep: AtomicU32::new(0),
        }
    }

    /// Whether `origin` may try now; counts the attempt.
    pub fn may_try(&self, origin: Origin) -> bool {
        self.sweep();
        let now = self.time.now();
        let paused = self.paused_until.lock().get(&origin).is_some_and(|until| now < *until);
        let may = !paused && self.attempts.check_key(&origin).is_ok();
        if !may {
            metrics::counter!("postern_sign_in_turned_away_total").increment(1);
        }
        may
    }

    /// Counts a failed attempt.
    pub fn failed(&self, origin: Origin) {
        if self.failures.check_key(&origin).is_err() {
            self.paused_until.lock().insert(origin, self.time.now() + self.pause);
        }
    }

    /// Keeps memory at what tried lately.
    fn sweep(&self) {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) % Self::SWEEP_EVERY != Self::SWEEP_EVERY - 1 {
            return;
        }
        self.attempts.retain_recent();
        self.failures.retain_recent();
        let now = self.time.now();
        self.paused_until.lock().retain(|_, until| *until > now);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn origin(last: u8) -> Origin {
        IpAddr::from([192, 0, 2, last]).into()
    }

    /// A gate, and what moves its clock.
    fn gate(attempts: u32, failures: u32) -> (SignInGate, impl Fn(Duration)) {
        let n = |n| NonZeroU32::new(n).unwrap();
        let limits = SignInLimits {
            attempts_per_minute: n(60),
            attempts_burst: n(attempts),
            failures_per_minute: n(1),
            failures_burst: n(failures),
            pause: Duration::from_secs(90),
        };
        let now = Arc::new(Mutex::new(Instant::now()));
        let theirs = now.clone();
        let gate = SignInGate::with_time(limits, Monotonic(Arc::new(move || *theirs.lock())));
        (gate, move |by| *now.lock() += by)
    }

    #[test]
    fn attempts_refill() {
        let (gate, advance) = gate(2, 10);
        assert!(gate.may_try(origin(1)) && gate.may_try(origin(1)));
        assert!(!gate.may_try(origin(1)));
        assert!(gate.may_try(origin(2)));
        advance(Duration::from_millis(1_001));
        assert!(gate.may_try(origin(1)));
    }

    #[test]
    fn too_many_failures_pause_that_origin_only() {
        let (gate, advance) = gate(1_000, 2);
        for _ in 0..2 {
            assert!(gate.may_try(origin(1)));
            gate.failed(origin(1));
        }
        assert!(gate.may_try(origin(1)));
        gate.failed(origin(1));
        assert!(!gate.may_try(origin(1)));
        assert!(gate.may_try(origin(2)));
        advance(Duration::from_secs(91));
        assert!(gate.may_try(origin(1)));
    }

    #[test]
    fn quiet_origins_are_forgotten() {
        let (gate, advance) = gate(1, 1);
        for last in 0..=255 {
            gate.may_try(origin(last));
            gate.failed(origin(last));
            gate.failed(origin(last));
        }
        advance(Duration::from_hours(1));
        for _ in 0..SignInGate::SWEEP_EVERY {
            gate.may_try(origin(0));
        }
        assert!(gate.attempts.len() <= 1 && gate.failures.is_empty());
        assert!(gate.paused_until.lock().is_empty());
    }
}
