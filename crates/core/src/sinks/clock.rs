//! Where sinks read the time, so that tests can set it.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The two clocks a file sink needs.
pub trait Clock: Send + Sync {
    /// The wall clock; it may jump in both directions.
    fn now(&self) -> Timestamp;

    /// Time passed since some fixed moment; it never goes back.
    fn monotonic(&self) -> Duration;
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// The clocks, with the monotonic one at zero.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}
