//! Keeps a sink that fails from being tried with every batch (Nygard, "Release It!", 2007: Circuit Breaker).
//!
//! | state | a batch | goes to |
//! | --- | --- | --- |
//! | closed | is written | open, after so many failures in a row |
//! | open | is not tried | half-open, after a pause |
//! | half-open | is tried once | closed if that works, else open |

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What the settings document says about a sink's breaker.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BreakerSettings {
    /// Failed attempts in a row that open it, at least 1.
    pub failures: u32,
    /// Milliseconds until the next attempt after it was opened.
    pub probe_ms: u64,
}

/// Whether a sink is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Always.
    #[default]
    Closed,
    /// Once, to see.
    HalfOpen,
    /// Not now.
    Open,
}

/// Counts failures.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
    failures: u32,
    probe_at: Instant,
}

impl Breaker {
    /// A closed one.
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            state: State::Closed,
            failures: 0,
            probe_at: Instant::now(),
        }
    }

    /// What it is now.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether the sink is to be tried now.
    pub fn allows(&mut self, now: Instant) -> bool {
        if self.state == State::Open && now >= self.probe_at {
            self.state = State::HalfOpen;
        }
        self.state != State::Open
    }

    /// An attempt worked. Whether that closed it.
    pub fn succeeded(&mut self) -> bool {
        self.failures = 0;
        std::mem::replace(&mut self.state, State::Closed) != State::Closed
    }

    /// An attempt failed, `for_good` if there is no use in another. Whether the sink is not to be tried again now.
    pub fn failed(&mut self, now: Instant, for_good: bool) -> bool {
        self.failures = self.failures.saturating_add(1);
        if for_good || self.state == State::HalfOpen || self.failures >= self.settings.failures {
            self.state = State::Open;
            self.probe_at = now + Duration::from_millis(self.settings.probe_ms);
        }
        self.state == State::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_after_one_success() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut breaker = Breaker::new(BreakerSettings {
            failures: 3,
            probe_ms: 100,
        });
        assert!(!breaker.failed(at(0), false));
        assert!(!breaker.failed(at(1), false));
        assert!(!breaker.succeeded());
        for n in 2..4 {
            assert!(!breaker.failed(at(n), false));
        }
        assert!(breaker.failed(at(4), false));
        assert!(!breaker.allows(at(103)));
        assert!(breaker.allows(at(104)));
        assert_eq!(breaker.state(), State::HalfOpen);
        assert!(breaker.failed(at(105), false));
        assert!(!breaker.allows(at(204)));
        assert!(breaker.allows(at(205)));
        assert!(breaker.succeeded());
        assert_eq!(breaker.state(), State::Closed);
        assert!(breaker.failed(at(300), true));
        assert!(!breaker.allows(at(399)));
    }
}
