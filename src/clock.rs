//! Time and randomness, passed in: nothing else in the crate asks the machine for either.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Wall-clock time. Cheap to clone; a test holds the other end.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Fixed(Arc<parking_lot::Mutex<SystemTime>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`].
    pub fn fixed(at: SystemTime) -> Self {
        Self(Source::Fixed(Arc::new(parking_lot::Mutex::new(at))))
    }

    /// Now.
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Source::System => SystemTime::now(),
            Source::Fixed(t) => *t.lock(),
        }
    }

    /// Moves a fixed clock on; the machine's own is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(t) = &self.0 {
            *t.lock() += by;
        }
    }
}
