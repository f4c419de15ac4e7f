//! Filters: which events go on.
//!
//! Every filter that can end an event has a protected level: from there on nothing is ended. Time is that of the
//! events (see [`EventClock`](super::clock::EventClock)), so that what is decided does not depend on when the
//! drain thread gets to it.

mod adaptive_sampling;
pub mod chance;
mod fingerprint;
mod first_occurrence;
mod key_table;
mod min_level;
mod rate_limit;
mod sampling;
mod settings;
mod trace_sampling;
mod window;

#[cfg(test)]
mod tests;

pub use settings::FilterSettings;

use super::notices::Notices;
use crate::wire::Record;

/// Decides which events go on.
pub trait Filter: Send {
    /// Whether an event goes on. `now` is milliseconds of the stages' clock, which never goes backwards.
    fn keeps(&mut self, record: &Record<'_>, now: f64) -> bool;

    /// Says what is to be said by now; with `force` all that there is, since nobody may ask again.
    fn due(&mut self, _now: f64, _force: bool, _notices: &mut Notices) {}

    /// In how many milliseconds there will be something to say, if nothing else happens.
    fn until_due(&self, _now: f64) -> Option<f64> {
        None
    }

    /// What it looks like inside, for metrics.
    fn gauges(&self) -> Gauges {
        Gauges::default()
    }
}

/// What a filter looks like inside; `None` for what it does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauges {
    /// The part of the events that it lets through at the moment, 0 to 1.
    pub rate: Option<f64>,
    /// Keys that it remembers.
    pub keys: Option<u64>,
    /// Keys that it had to forget for want of room, since it was made.
    pub evicted: Option<u64>,
}
