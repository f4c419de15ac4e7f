//! The time by which stages measure windows and rates.

use std::time::Instant;

/// A step back by more than this is a clock that was set; less is threads whose events overlap.
const OVERLAP_MS: f64 = 10_000.0;
/// The longest leap that one event can make, so that one with a damaged time does not stop the clock for good.
const MAX_LEAP_MS: f64 = 86_400_000.0;

/// Follows the events' own times and never goes backwards. While no event comes it goes on by itself.
#[derive(Debug)]
pub struct EventClock {
    now: f64,
    /// What is added to the time of an event: grows when the system's clock is set back.
    offset: f64,
    /// What it was when [`EventClock::idle`] was last called, and when.
    looked: (f64, Instant),
}

impl EventClock {
    /// A clock that starts with its first event.
    pub fn new() -> Self {
        Self {
            now: f64::NEG_INFINITY,
            offset: 0.0,
            looked: (0.0, Instant::now()),
        }
    }

    /// Milliseconds at an event of this time.
    #[inline]
    pub fn at(&mut self, time_ms: f64) -> f64 {
        let time = time_ms + self.offset;
        if time > self.now && time - self.now <= MAX_LEAP_MS {
            self.now = time;
        } else if time.is_finite() {
            self.unusual(time_ms, time);
        }
        self.now
    }

    #[cold]
    fn unusual(&mut self, time_ms: f64, time: f64) {
        if self.now == f64::NEG_INFINITY {
            self.now = time_ms;
            self.looked = (time_ms, Instant::now());
        } else if time > self.now {
            self.now += MAX_LEAP_MS;
            self.offset = self.now - time_ms;
        } else if time < self.now - OVERLAP_MS {
            self.offset = self.now - time_ms;
        }
    }

    /// Milliseconds now: what has passed on the system's monotonic clock since the last call counts even if no
    /// event came.
    pub fn idle(&mut self, at: Instant) -> f64 {
        if self.now == f64::NEG_INFINITY {
            return 0.0;
        }
        let (then, looked) = self.looked;
        let passed = at.saturating_duration_since(looked).as_secs_f64() * 1e3;
        self.now = self.now.max(then + passed);
        self.looked = (self.now, at);
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn overlapping_threads_do_not_move_it_back_or_speed_it_up() {
        let mut clock = EventClock::new();
        for (time, now) in [
            (1e12, 1e12),
            (1e12 + 5.0, 1e12 + 5.0),
            (1e12 - 900.0, 1e12 + 5.0),
        ] {
            assert_eq!(clock.at(time), now);
        }
        assert_eq!(clock.at(1e12 + 6.0), 1e12 + 6.0);
    }

    #[test]
    fn it_goes_on_when_the_systems_clock_is_set_back() {
        let mut clock = EventClock::new();
        clock.at(1e12);
        assert_eq!(clock.at(1e12 - 3_600_000.0), 1e12);
        assert_eq!(clock.at(1e12 - 3_600_000.0 + 250.0), 1e12 + 250.0);
    }

    #[test]
    fn no_time_of_a_damaged_event_stops_it() {
        let mut clock = EventClock::new();
        clock.at(1e12);
        let mut time = 1e12;
        for wild in [f64::NAN, f64::INFINITY, -1e300, 1e300, f64::MAX] {
            let before = clock.at(wild);
            time += 100.0;
            let start = clock.at(time);
            assert!(start >= before);
            assert_eq!(clock.at(time + 40.0), start + 40.0, "{wild}");
        }
    }

    #[test]
    fn it_goes_on_without_events() {
        let start = Instant::now();
        let mut clock = EventClock::new();
        clock.at(5_000.0);
        let first = clock.idle(start + Duration::from_secs(2));
        assert!((5_000.0..=7_000.0).contains(&first));
        let second = clock.idle(start + Duration::from_secs(4));
        assert_eq!(second, first + 2_000.0);
    }
}
