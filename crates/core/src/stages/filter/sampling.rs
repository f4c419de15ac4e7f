//! Keeps a part of the events of each level.

use super::chance::{Chance, Rate};
use super::fingerprint::Fingerprint;
use super::{Filter, Gauges};
use crate::level::Level;
use crate::wire::Record;

/// Keeps events at the rate of their level, by chance or always the same ones.
#[derive(Debug)]
pub struct Sampling {
    rates: [Rate; Level::COUNT],
    chance: Chance,
    /// What decides instead of chance.
    by: Option<Fingerprint>,
}

impl Sampling {
    /// With a rate for each level.
    pub fn new(rates: [Rate; Level::COUNT], by: Option<Fingerprint>) -> Self {
        Self {
            rates,
            chance: Chance::default(),
            by,
        }
    }
}

impl Filter for Sampling {
    #[inline]
    fn keeps(&mut self, record: &Record<'_>, _now: f64) -> bool {
        let rate = self.rates.get(record.level().index()).copied();
        let rate = rate.unwrap_or(Rate::ALL);
        if rate == Rate::ALL {
            return true;
        }
        match &self.by {
            None => rate.takes(self.chance.bits()),
            // What has none of the parts cannot be told apart, and is kept.
            Some(by) => by.of(record).is_none_or(|bits| rate.takes(bits)),
        }
    }

    fn gauges(&self) -> Gauges {
        let lowest = self.rates.iter().map(|rate| rate.get());
        Gauges {
            rate: lowest.reduce(f64::min),
            ..Gauges::default()
        }
    }
}
